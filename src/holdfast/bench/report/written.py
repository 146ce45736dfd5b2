"""The report: everything as JSON, a table as Markdown, and the plots."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from holdfast.bench.report.plot import number, svg_of
from holdfast.bench.report.results import Chart, Figure, Result, over_rounds
from holdfast.bench.report.statistics import median, spread

Rounds = Mapping[str, Sequence[Result]]
"""The results of the rounds, by the server's name."""


def write(out: Path, experiment: str, rounds: Rounds, machine: Mapping[str, str]) -> None:
    """Add an experiment to the report in a folder; other experiments in it are kept.

    Args:
        out: The folder: `results.json`, `results.md` and one SVG per chart.
        experiment: Its name.
        rounds: The results; the first server is the measured one, the others are compared with it.
        machine: What it was measured on.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / "results.json"
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    merged = {name: over_rounds(results) for name, results in rounds.items()}
    known[experiment] = {
        "machine": dict(machine),
        "servers": {name: _as_json(merged[name], results) for name, results in rounds.items()},
        "ratios": ratios(rounds),
        "charts": [chart.name for chart in _together(merged)],
    }
    path.write_text(json.dumps(_without_nan(known), indent=1, ensure_ascii=False) + "\n")
    for chart in _together(merged):
        (out / f"{chart.name}.svg").write_text(svg_of(chart))
    (out / "results.md").write_text(markdown(known))


def ratios(rounds: Rounds) -> dict[str, dict[str, float]]:
    """Return, by further server and figure, the first server's value divided by its own: the median of the rounds."""
    (_, first), *others = rounds.items()
    found: dict[str, dict[str, float]] = {}
    for name, results in others:
        pairs: dict[str, list[float]] = {}
        for ours, theirs in zip(first, results, strict=True):
            values = {figure.name: figure.value for figure in theirs.figures}
            for figure in ours.figures:
                if figure.better and values.get(figure.name):
                    pairs.setdefault(figure.name, []).append(figure.value / values[figure.name])
        found[name] = {figure: median(values) for figure, values in pairs.items()}
    return found


def markdown(known: Mapping[str, Any]) -> str:
    """Return the whole report as Markdown."""
    meaning = "[README.md](README.md#what-a-figure-means)"
    parts = ["# Results", "", f"Written by `holdfast bench`; what the figures mean: {meaning}."]
    for experiment, about in known.items():
        parts += ["", f"## {experiment}", "", _machine(about["machine"]), ""]
        parts += _table(about)
        parts += [""] + [f"![{name}]({name}.svg)" for name in about["charts"]]
        for server, found in about["servers"].items():
            failed = [check for check in found["checks"] if not check["holds"]]
            held = len(found["checks"]) - len(failed)
            parts += ["", f"Checks of {server}: {held} of {len(found['checks'])} hold."]
            parts += [f"* **Failed**: {check['claim']} ({check['detail']})" for check in failed]
            parts += [f"* Left out: {note}" for note in found["notes"]]
    return "\n".join(parts) + "\n"


def line_of(figure: Figure) -> str:
    """Return one figure as a line."""
    goal = "" if figure.goal_met is None else f"   ({_goal(asdict(figure))})"
    return f"{figure.name}: {number(figure.value)} {figure.unit}".rstrip() + goal


def _table(about: Mapping[str, Any]) -> list[str]:
    servers = about["servers"]
    names = list(servers)
    header = ["figure", *names, *(f"{names[0]} ÷ {name}" for name in names[1:]), "spread", "goal"]
    rows = [header, ["---", *("---:" for _ in header[1:-1]), "---"]]
    of_others = {name: {figure["name"]: figure for figure in servers[name]["figures"]} for name in names[1:]}
    for figure in servers[names[0]]["figures"]:
        cells = [figure["name"], _value(figure)]
        cells += [_value(of_others[name].get(figure["name"])) for name in names[1:]]
        cells += [number(about["ratios"][name].get(figure["name"], math.nan)) for name in names[1:]]
        rounds = [value for value in figure["rounds"] if value is not None]
        cells += [f"{spread(rounds):.0%}" if len(rounds) > 1 else "", _goal(figure)]
        rows.append(cells)
    return [f"| {' | '.join(row)} |" for row in rows]


def _value(figure: Mapping[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return "none"
    return f"{number(figure['value'])} {figure['unit']}".rstrip()


def _goal(figure: Mapping[str, Any]) -> str:
    known = Figure(figure["name"], _known(figure["value"]), figure["unit"], figure["better"], figure["goal"])
    if known.goal_met is None:
        return ""
    sign = "≥" if known.better == "higher" else "≤"
    return f"{sign} {number(known.goal or 0.0)}: {'met' if known.goal_met else '**missed**'}"


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def _machine(machine: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in machine.items())


def _as_json(merged: Result, rounds: Sequence[Result]) -> dict[str, Any]:
    values = [{figure.name: figure.value for figure in result.figures} for result in rounds]
    return {
        "figures": [
            {**asdict(figure), "rounds": [known.get(figure.name) for known in values]} for figure in merged.figures
        ],
        "checks": [asdict(check) for check in merged.checks],
        "notes": merged.notes,
    }


def _together(merged: Mapping[str, Result]) -> list[Chart]:
    """Return the charts of all servers, merging those of the same name."""
    if len(merged) == 1:
        return next(iter(merged.values())).charts
    charts: dict[str, Chart] = {}
    for server, result in merged.items():
        for chart in result.charts:
            series = {f"{server}, {name}": values for name, values in chart.series.items()}
            drawn = charts.get(chart.name, replace(chart, series={}))
            if list(drawn.x) == list(chart.x):
                charts[chart.name] = replace(drawn, series={**drawn.series, **series})
    return list(charts.values())


def _without_nan(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Replace nan by None, since JSON has no nan."""
    if isinstance(value, dict):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and math.isnan(value) else value
