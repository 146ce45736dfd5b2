"""Puts the seats of a row in order, and finds where two of them are not neighbours."""

from collections.abc import Sequence
from itertools import pairwise
from math import hypot

from holdfast.domain.booking.choosing.chart_seat import ChartSeat

GAP_FACTOR = 1.6
"""Two seats are neighbours unless they are further apart than this times the row's spacing. Where a single seat is
missing the gap is twice the spacing; the spacing itself varies little."""
GAPS_MIN = 3
"""With fewer gaps than this a row does not tell its own spacing, and that of its section counts."""
ROW_SEATS_MAX = 4_000
"""A longer row is cut. There are none in halls, but a chart without rows is one long row, and the cost of a search
must not grow with its length."""


def has_positions(seats: Sequence[ChartSeat]) -> bool:
    """Return whether it is known of each seat where it is."""
    return all(seat.x is not None and seat.y is not None for seat in seats)


def in_order(seats: list[ChartSeat]) -> list[ChartSeat]:
    """Return a row's seats from one end to the other.

    That is normally their order in the chart. A file may list them in another (odd numbers first, say), so they are
    also sorted by their coordinates, and the order with the shorter way from seat to seat counts.
    """
    if len(seats) < 3 or not has_positions(seats):
        return seats
    xs = [seat.x or 0.0 for seat in seats]
    ys = [seat.y or 0.0 for seat in seats]
    across = max(xs) - min(xs) >= max(ys) - min(ys)
    by_position = sorted(seats, key=lambda seat: ((seat.x or 0.0), (seat.y or 0.0))[:: 1 if across else -1])
    return by_position if sum(gaps(by_position)) < sum(gaps(seats)) else seats


def gaps(seats: Sequence[ChartSeat]) -> list[float]:
    """Return the distances from each seat to the next; an empty list if they are not known."""
    if not has_positions(seats):
        return []
    return [
        hypot((one.x or 0.0) - (other.x or 0.0), (one.y or 0.0) - (other.y or 0.0)) for one, other in pairwise(seats)
    ]


def spacing_of(between: Sequence[float]) -> float | None:
    """Return the usual distance between neighbours: the lower quartile, so that many missing seats do no harm.

    None if it is not known.
    """
    wide = sorted(gap for gap in between if gap > 0)
    return wide[(len(wide) - 1) // 4] if wide else None


def with_breaks(
    seats: Sequence[ChartSeat], between: Sequence[float], section_spacing: float | None
) -> list[ChartSeat | None]:
    """Return a row's seats with None wherever the next seat is not a neighbour.

    Args:
        seats: The seats, in order.
        between: Their `gaps`.
        section_spacing: The usual distance in their section.
    """
    spacing = spacing_of(between) if len(between) >= GAPS_MIN else section_spacing
    if not between or spacing is None:
        return list(seats)
    row: list[ChartSeat | None] = [seats[0]]
    for gap, seat in zip(between, seats[1:], strict=True):
        if gap > GAP_FACTOR * spacing:
            row.append(None)
        row.append(seat)
    return row
