"""Finds the seats that are nearest to some that are gone, at the same price."""

from uuid import UUID

from holdfast.application.reading.storefront.seat_book import SeatName
from holdfast.application.reading.storefront.storefront import Hall

ROWS_MAX = 8
"""Rows that are looked through in each direction, within the section."""

SEATS_MAX = 200
"""Seats that are looked through to the left and to the right."""


def nearest_equals(hall: Hall, gone: SeatName, *, taken: frozenset[UUID]) -> SeatName | None:
    """Return the free seat that is most like one that is gone: same section, category and price, and not far.

    Args:
        hall: The event's seats.
        gone: The seat that was wanted.
        taken: Seats that are offered or chosen already.
    """
    book = hall.book
    row = book.row_at(gone.position)
    section = next(section for section in book.sections if row in section.rows)
    place = section.rows.index(row)
    first, seats = book.stretch(row)
    share = (gone.position - first) / seats
    best: tuple[float, SeatName] | None = None
    for away in range(ROWS_MAX):
        if best is not None and 2 * away > best[0]:
            break
        for near in {place - away, place + away}:
            if 0 <= near < len(section.rows):
                found = _nearest_in_row(hall, section.rows[near], gone, share, taken)
                if found is not None and (best is None or found[0] + 2 * away < best[0]):
                    best = found[0] + 2 * away, found[1]
    return None if best is None else best[1]


def _nearest_in_row(
    hall: Hall, row: int, gone: SeatName, share: float, taken: frozenset[UUID]
) -> tuple[float, SeatName] | None:
    first, seats = hall.book.stretch(row)
    codes = hall.codes(first, seats)
    center = gone.position - first if first <= gone.position < first + seats else share * seats
    near = range(max(0, int(center) - SEATS_MAX), min(seats, int(center) + SEATS_MAX + 1))
    for at in sorted((at for at in near if codes[at] == 0), key=lambda at: abs(at - center)):
        seat = hall.book.name_at(first + at)
        same = (seat.category, seat.own_price, seat.accessible) == (gone.category, gone.own_price, gone.accessible)
        if same and seat.companion_of is None and seat.id not in taken:
            return abs(at - center), seat
    return None
