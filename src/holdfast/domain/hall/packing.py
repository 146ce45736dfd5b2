"""Packs what the seats of a row have in common: places on an arc, numbers that are a series, runs of a category."""

import re
from collections.abc import Sequence
from itertools import groupby, pairwise
from math import atan2, copysign, hypot
from typing import Any, TypeAlias

from holdfast.domain.hall.document import Point
from holdfast.domain.hall.geometry import row_positions

TOLERANCE = 1.5
"""How far a seat may lie from where the packed row puts it, in units of the layout."""
_PLACES_MAX = 4
"""Places of an arc per seat that is on it; a row with more gaps is sent seat by seat."""
_RUN_MIN = 3
"""Seats of a run of printed numbers; fewer are listed."""
_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>0|[1-9][0-9]{0,8})", re.DOTALL)

Packed: TypeAlias = dict[str, Any]


class Scale:
    """Coordinates as integers: steps of a unit from an origin."""

    __slots__ = ("_unit", "_x", "_y")

    def __init__(self, origin: Point, unit: float) -> None:
        self._x, self._y = origin
        self._unit = unit

    def steps(self, point: Point) -> list[int]:
        """Return a point as steps to the right and down."""
        return [round((point[0] - self._x) / self._unit), round((point[1] - self._y) / self._unit)]

    def in_steps(self, xs: Sequence[float], ys: Sequence[float]) -> tuple[list[float], list[float]]:
        """Return points in steps that are not rounded."""
        unit, x0, y0 = self._unit, self._x, self._y
        return [(x - x0) / unit for x in xs], [(y - y0) / unit for y in ys]


def packed_positions(xs: list[float], ys: list[float]) -> Packed:
    """Pack the positions of a row's seats, given in steps, as an arc that may have empty places, or one by one.

    Returns:
        `from`, `to`, `rise` and `places`, or `x` and `y` with the first position and the differences to the next.
    """
    start, end = (round(xs[0]), round(ys[0])), (round(xs[-1]), round(ys[-1]))
    count = len(xs)
    if count == 1:
        return {"from": start}
    chord = hypot(end[0] - start[0], end[1] - start[1])
    if chord:
        rise = round(_rise(xs, ys, count // 2))
        packed: Packed = {"from": start, "to": end}
        if rise:
            packed["rise"] = rise
        bend = rise / chord
        if _near(xs, ys, *row_positions(start, end, bend, count)):
            return packed
        places = _places(xs, ys, rise)
        if places:
            all_xs, all_ys = row_positions(start, end, bend, places[-1] + 1)
            if _near(xs, ys, [all_xs[at] for at in places], [all_ys[at] for at in places]):
                packed["places"] = _runs(places)
                return packed
    return {"x": _differences(xs), "y": _differences(ys)}


class NumberRuns:
    """Printed numbers as runs that count on by one after a common prefix, such as `A-1` to `A-500`."""

    __slots__ = ("_expected", "_runs")

    def __init__(self) -> None:
        self._runs: list[list[Any]] = []
        """Prefix, first number and count; or a single text."""
        self._expected: str | None = None
        """What the next seat must have printed on it to belong to the last run."""

    def add(self, numbers: Sequence[str]) -> None:
        """Add the printed numbers of the next seats."""
        for number in numbers:
            if number != self._expected:
                found = _NUMBERED.fullmatch(number)
                self._runs.append([found["prefix"], int(found["number"]), 0] if found else [number])
                if not found:
                    self._expected = None
                    continue
            run = self._runs[-1]
            run[2] += 1
            self._expected = f"{run[0]}{run[1] + run[2]}"

    def packed(self) -> list[Any] | None:
        """Return the runs, and as texts the numbers that are in none; None if there are no runs."""
        if not any(len(run) == 3 and run[2] >= _RUN_MIN for run in self._runs):
            return None
        packed: list[Any] = []
        for run in self._runs:
            if len(run) == 1:
                packed += run
            elif run[2] < _RUN_MIN:
                packed += [f"{run[0]}{number}" for number in range(run[1], run[1] + run[2])]
            else:
                packed.append(run)
        return packed


def packed_numbers(numbers: list[str], places: list[int] | None, runs: NumberRuns | None = None) -> Packed:
    """Pack printed numbers: nothing if they count from 1, else the first and the step if they are a series, else runs.

    Args:
        numbers: The numbers.
        places: The places of the seats on their arc if some are empty; the numbers may count those too.
        runs: The runs of the same numbers, if they are known.
    """
    series = _series(numbers, range(len(numbers)))
    if series:
        return {} if series == [1, 1] else {"numbers": series}
    series = _series(numbers, places) if places else None
    if series:
        return {"place_numbers": series}
    if runs is None:
        runs = NumberRuns()
        runs.add(numbers)
    packed = runs.packed()
    return {"label_runs": packed} if packed else {"labels": numbers}


def packed_categories(categories: list[int | None]) -> Packed:
    """Pack places in the list of categories: one for the row, or runs of [category, seats] in one flat list."""
    if categories.count(categories[0]) == len(categories):
        return {} if categories[0] is None else {"category": categories[0]}
    runs = [(category, len(list(same))) for category, same in groupby(categories)]
    return {"categories": [value for run in runs for value in run]}


def places_of(packed: Packed) -> list[int] | None:
    """Return the places of a packed row's seats on its arc; None if none is empty."""
    runs = packed.get("places")
    if runs is None:
        return None
    return [at for first, count in zip(runs[::2], runs[1::2], strict=True) for at in range(first, first + count)]


def _rise(xs: list[float], ys: list[float], at: int) -> float:
    """Return the height of the circle's arc through the first, the last and one other seat; positive to the right."""
    dx, dy = xs[-1] - xs[0], ys[-1] - ys[0]
    chord = hypot(dx, dy)
    x, y = xs[at] - (xs[0] + xs[-1]) / 2, ys[at] - (ys[0] + ys[-1]) / 2
    along, across = (x * dx + y * dy) / chord, (y * dx - x * dy) / chord
    if abs(across) < 0.5:
        return 0.0
    center = (along * along + across * across - chord * chord / 4) / (2 * across)
    return center + copysign(hypot(chord / 2, center), across)


def _places(xs: list[float], ys: list[float], rise: int) -> list[int]:
    """Return the place of each seat on an arc that has empty ones too; an empty list if there is no such arc."""
    dx, dy = xs[-1] - xs[0], ys[-1] - ys[0]
    chord = hypot(dx, dy)
    middle_x, middle_y = (xs[0] + xs[-1]) / 2, (ys[0] + ys[-1]) / 2
    center = (rise * rise - chord * chord / 4) / (2 * rise) if rise else 0.0
    way = []
    for x, y in zip(xs, ys, strict=True):
        along = ((x - middle_x) * dx + (y - middle_y) * dy) / chord
        across = ((y - middle_y) * dx - (x - middle_x) * dy) / chord
        way.append(atan2(along, copysign(1.0, rise) * (across - center)) if rise else along)
    steps = [after - before for before, after in pairwise(way)]
    step = min(steps)
    if step <= 0:
        return []
    whole = round((way[-1] - way[0]) / step)
    if not 0 < whole <= _PLACES_MAX * len(xs):
        return []
    step = (way[-1] - way[0]) / whole
    places = [round((each - way[0]) / step) for each in way]
    return places if len(set(places)) == len(places) else []


def _near(xs: Sequence[float], ys: Sequence[float], other_xs: Sequence[float], other_ys: Sequence[float]) -> bool:
    return all(
        -TOLERANCE <= x - other <= TOLERANCE
        for these, others in ((xs, other_xs), (ys, other_ys))
        for x, other in zip(these, others, strict=True)
    )


def _runs(places: list[int]) -> list[int]:
    """Return increasing numbers as first, count, first, count and so on."""
    runs: list[int] = []
    for at in places:
        if runs and at == runs[-2] + runs[-1]:
            runs[-1] += 1
        else:
            runs += [at, 1]
    return runs


def _differences(values: list[float]) -> list[int]:
    rounded = [round(value) for value in values]
    return [rounded[0], *(after - before for before, after in pairwise(rounded))]


def _series(numbers: list[str], places: Sequence[int]) -> list[int] | None:
    """Return the number at place 0 and the step from place to place; None if the numbers are no such series."""
    try:
        first, last = int(numbers[0]), int(numbers[-1])
    except ValueError:
        return None
    span = places[-1] - places[0]
    step, rest = divmod(last - first, span) if span else (1, 0)
    at_zero = first - step * places[0]
    return None if rest or numbers != [str(at_zero + step * at) for at in places] else [at_zero, step]
