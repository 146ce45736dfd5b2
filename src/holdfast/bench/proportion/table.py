"""The figures of before and now, stored as JSON and shown as a table."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeAlias

from holdfast.bench.proportion.ground import Figure

_FILE = "proportion.json"
_HEAD = """# In proportion

What single requests cost, and how costs grow with what else there is: `make bench-proportion` measures every row on a
stack of its own with the default settings, in under six minutes, and writes this page. *Before* is what the release
before showed on the same machine. CPU and memory are those of the API process, for one request where nothing else is
said; how many rows depend on the machine's pace tells [README.md](README.md).

"""

Rows: TypeAlias = "dict[str, list[dict[str, str | float]]]"


@dataclass
class Record:
    """Figures by row, before and now."""

    columns: dict[str, Rows] = field(default_factory=lambda: {"before": {}, "now": {}})

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the last record; an empty one if there is none."""
        try:
            return cls(json.loads((folder / _FILE).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()

    def write(self, folder: Path) -> None:
        """Write the record."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.columns, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / _FILE).write_text(text + "\n", encoding="utf-8")

    def set(self, column: str, row: str, figures: Sequence[Figure]) -> None:
        """Set the figures of one row."""
        self.columns[column][row] = [
            {"name": figure.name, "value": figure.value, "unit": figure.unit, "better": figure.better}
            for figure in figures
        ]

    def line(self, figure: Figure) -> str:
        """Return a figure as text, with its earlier value."""
        before = self.before(figure.name)
        text = f"{figure.name}: {shown(figure.value)} {figure.unit}".rstrip()
        text += "" if before is None else f" (before: {shown(before)})"
        return f"{text} [{figure.note}]" if figure.note else text

    def before(self, name: str) -> float | None:
        """Return a figure's earlier value by its name."""
        for figures in self.columns["before"].values():
            for figure in figures:
                if figure["name"] == name:
                    return float(figure["value"])
        return None


def write_table(record: Record, path: Path, rows: Sequence[str]) -> None:
    """Write the Markdown page."""
    lines = [_HEAD + "| what | before | now | better |", "|---|---:|---:|---|"]
    for row in rows:
        for which in _names(record, row):
            before, now = (_value(record.columns[column].get(row, []), which) for column in ("before", "now"))
            unit, better = _kind(record, row, which)
            lines.append(f"| {which} | {_cell(before, unit)} | {_cell(now, unit)} | {better} |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def shown(value: float) -> str:
    """Return a number with a sensible number of digits."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _names(record: Record, row: str) -> list[str]:
    figures = [figure for column in ("now", "before") for figure in record.columns[column].get(row, [])]
    return list(dict.fromkeys(str(figure["name"]) for figure in figures))


def _value(figures: list[dict[str, str | float]], name: str) -> float | None:
    return next((float(figure["value"]) for figure in figures if figure["name"] == name), None)


def _kind(record: Record, row: str, name: str) -> tuple[str, str]:
    figures = [figure for column in ("now", "before") for figure in record.columns[column].get(row, [])]
    found = next(figure for figure in figures if figure["name"] == name)
    return str(found["unit"]), str(found["better"])


def _cell(value: float | None, unit: str) -> str:
    return "" if value is None else f"{shown(value)} {unit}".rstrip()
