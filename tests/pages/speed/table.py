"""Writes the table of docs/pages-speed.md."""

from collections.abc import Sequence
from pathlib import Path

from pages.speed.figures import Figure

_HEAD = """# How fast the pages are

`make bench-pages` measures this and writes this page: {when}. What is measured, and how, is in
[pages.md](pages.md#budgets-in-time). Bytes are tested with every change (`tests/web/test_weight.py`).

A phone is 390 by 740 points with two pixels each, and a processor that is four times slower. Figures of a machine that
does other work at the same time are too high, never too low.

| what | measured | budget | kept |
|---|---:|---:|---|
"""


def write_table(path: Path, figures: Sequence[Figure], when: str) -> None:
    """Write all figures beside their budgets."""
    rows = "".join(f"| {' | '.join(_cells(figure))} |\n" for figure in figures)
    path.write_text(_HEAD.format(when=when) + rows, encoding="utf-8")


def _cells(figure: Figure) -> tuple[str, str, str, str]:
    budget = "" if figure.budget is None else f"{figure.budget:,g} {figure.unit}"
    kept = "" if figure.budget is None else ("yes" if figure.kept else "**no**")
    name = figure.name + (f" ({figure.note})" if figure.note else "")
    return name, figure.written(), budget, kept
