"""The results of experiments: figures, checks of what the load claims, and charts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from holdfast.bench.report.statistics import median

Better = Literal["higher", "lower", ""]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str
    better: Better = ""
    goal: float | None = None
    """The figure should be at least this (if `higher` is better) or at most (`lower`). Shown in the report, not
    enforced.
    """

    @property
    def goal_met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None or math.isnan(self.value):
            return None
        return self.value >= self.goal if self.better == "higher" else self.value <= self.goal


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a load did what it claims. A failed check fails the whole benchmark."""

    claim: str
    holds: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot: bars if `x` are words, lines if they are numbers."""

    name: str
    title: str
    unit: str
    x: Sequence[str | float]
    series: Mapping[str, Sequence[float]]
    x_title: str = ""
    spans: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    """For bars: the least and the greatest of each, drawn as an error bar."""


@dataclass
class Result:
    """The findings of one experiment on one server in one round."""

    figures: list[Figure] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was left out, and why."""

    def add(self, name: str, value: float, unit: str, better: Better = "", *, goal: float | None = None) -> None:
        """Add a figure."""
        self.figures.append(Figure(name, value, unit, better, goal))

    def check(self, claim: str, holds: bool, detail: str = "") -> None:  # noqa: FBT001 - reads well at the call
        """Add a check."""
        self.checks.append(Check(claim, holds, detail))


def over_rounds(rounds: Sequence[Result]) -> Result:
    """Combine several rounds: medians of the figures, all failed checks, the last charts."""
    last = rounds[-1]
    values: dict[str, list[float]] = {}
    for result in rounds:
        for figure in result.figures:
            values.setdefault(figure.name, []).append(figure.value)
    figures = [
        Figure(figure.name, median(values[figure.name]), figure.unit, figure.better, figure.goal)
        for figure in last.figures
    ]
    failed = [check for result in rounds[:-1] for check in result.checks if not check.holds]
    return Result(figures, failed + last.checks, last.charts, last.notes)
