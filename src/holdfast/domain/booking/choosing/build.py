"""Builds a seating from the seats of a chart, in steps short enough for an event loop."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot

from holdfast.domain.booking.choosing.chart_seat import ChartSeat
from holdfast.domain.booking.choosing.packing import ArrangedRow, Packing
from holdfast.domain.booking.choosing.rows import ROW_SEATS_MAX, gaps, has_positions, in_order, spacing_of, with_breaks
from holdfast.domain.booking.choosing.seating import Category, Seating, Section

AREA_PART_SEATS = 2_048
SEATS_PER_STEP = 200
"""Seats arranged between two yields: about half a millisecond's work."""

RowKey = tuple[str | None, str | None, bool]
"""Section, row, and whether it is an area."""


@dataclass(slots=True)
class _Rows:
    """What is known of a chart while it is being arranged."""

    sections: dict[str | None, int] = field(default_factory=dict)
    """Their numbers, in the order in which the chart names them."""
    by_key: dict[RowKey, list[ChartSeat]] = field(default_factory=dict)
    corners: dict[str | None, tuple[float, float, float]] = field(default_factory=dict)
    """Of each floor: the smallest and largest x, and the smallest y."""


def steps_of(
    chart: Iterable[ChartSeat], sections: Sequence[Section], categories: Mapping[int, Category]
) -> Generator[None, None, Seating]:
    """Build a seating. The generator yields between steps, and returns the seating.

    Args:
        chart: The seats in chart order.
        sections: The hall's sections. Others that the seats name have neither floor nor focal point.
        categories: By number.
    """
    known = {section.key: section for section in sections}
    rows = _Rows()
    for count, seat in enumerate(chart, start=1):
        rows.sections.setdefault(seat.section, len(rows.sections))
        row = None if seat.area else seat.row
        rows.by_key.setdefault((seat.section, row, seat.area), []).append(seat)
        if count % SEATS_PER_STEP == 0:
            yield
    in_chart_order = [known.get(key or "") or Section(key or "", None, None) for key in rows.sections]
    arranged = yield from _arranged(rows, in_chart_order)
    packing = Packing(in_chart_order, categories, seats=sum(map(len, rows.by_key.values())))
    return (yield from packing.steps_of(arranged))


def built(
    chart: Iterable[ChartSeat], sections: Sequence[Section] = (), categories: Mapping[int, Category] | None = None
) -> Seating:
    """Build a seating in one go."""
    steps = steps_of(chart, sections, categories or {})
    while True:
        try:
            next(steps)
        except StopIteration as done:
            seating: Seating = done.value
            return seating


def _arranged(rows: _Rows, sections: Sequence[Section]) -> Generator[None, None, list[ArrangedRow]]:
    between: dict[RowKey, list[float]] = {}
    section_gaps: dict[str | None, list[float]] = {}
    count = 0
    for key, seats in rows.by_key.items():
        if not key[2]:
            seats[:] = in_order(seats)
            between[key] = gaps(seats)
            section_gaps.setdefault(key[0], []).extend(between[key])
        _measure(rows, sections[rows.sections[key[0]]].floor, seats)
        count += len(seats)
        if count >= SEATS_PER_STEP:
            count = 0
            yield
    spacings = {key: spacing_of(found) for key, found in section_gaps.items()}
    arranged: list[ArrangedRow] = []
    rows_so_far: dict[str | None, int] = {}
    for key, seats in rows.by_key.items():
        number = rows.sections[key[0]]
        focal = sections[number].focal or _focal_of(rows, sections[number].floor)
        place = rows_so_far.get(key[0], 0)
        part_max = AREA_PART_SEATS if key[2] else ROW_SEATS_MAX
        row = list(seats) if key[2] else with_breaks(seats, between[key], spacings[key[0]])
        distances = _distances(row, focal, place, labelled=key[1] is not None)
        for start in range(0, len(row), part_max):
            part = slice(start, start + part_max)
            if any(row[part]):
                arranged.append(ArrangedRow(key[2], number, place, row[part], distances[part]))
                place += 1
            yield
        rows_so_far[key[0]] = place
    return arranged


def _measure(rows: _Rows, floor: str | None, seats: Sequence[ChartSeat]) -> None:
    """Note how far a floor extends."""
    if not has_positions(seats):
        return
    xs = [seat.x or 0.0 for seat in seats]
    low_y = min(seat.y or 0.0 for seat in seats)
    low, high, top = rows.corners.get(floor, (min(xs), max(xs), low_y))
    rows.corners[floor] = (min(low, *xs), max(high, *xs), min(top, low_y))


def _focal_of(rows: _Rows, floor: str | None) -> tuple[float, float] | None:
    """Return the middle of a floor's front, where a stage usually is."""
    if floor not in rows.corners:
        return None
    low, high, top = rows.corners[floor]
    return (low + high) / 2, top


def _distances(
    row: Sequence[ChartSeat | None], focal: tuple[float, float] | None, place: int, *, labelled: bool
) -> list[float]:
    """Return how far each seat is from the focal point.

    Without coordinates the middle of the first row is the best, and of seats without a row the first one. A seat with
    a restricted view counts as twice as far away.
    """
    middle = (len(row) - 1) / 2
    distances = []
    for number, seat in enumerate(row):
        if seat is None:
            distance = 0.0
        elif seat.x is not None and seat.y is not None and focal is not None:
            distance = hypot(seat.x - focal[0], seat.y - focal[1])
        elif labelled:
            distance = hypot(number - middle, place + 1)
        else:
            distance = float(number)
        distances.append(2 * distance if seat is not None and seat.restricted_view else distance)
    return distances
