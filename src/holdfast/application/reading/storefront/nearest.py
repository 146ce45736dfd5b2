"""Finds the seats that are nearest to some that are gone, at the same price."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from holdfast.application.reading.storefront.seat_book import SeatName
from holdfast.application.reading.storefront.storefront import Hall

ROWS_MAX = 8
"""Rows that are looked through in each direction, within the section."""
SEATS_MAX = 200
"""Seats that are looked through to the left and to the right."""
STEPS_MAX = 20_000
"""Seats that are looked at for all that are gone together: about two milliseconds of the event loop. A free seat counts
as ten, since it has to be compared. With rows of 400 seats and no equal among them, 20 seats once took 0.7 seconds, and
anybody could ask for them again and again."""
_FREE_STEPS = 10


def nearest_equals(hall: Hall, gone: Sequence[SeatName], *, taken: frozenset[UUID]) -> list[SeatName]:
    """Return for each seat that is gone the free seat that is most like it: same section, category and price, and near.

    Args:
        hall: The event's seats.
        gone: The seats that were wanted. Those for which there is none are passed over.
        taken: Seats that are offered or chosen already.
    """
    search = _Search(hall, set(taken))
    found = (search.nearest(seat) for seat in gone)
    return [seat for seat in found if seat is not None]


class _Search:
    def __init__(self, hall: Hall, taken: set[UUID]) -> None:
        self._hall = hall
        self._taken = taken
        self._steps = STEPS_MAX

    def nearest(self, gone: SeatName) -> SeatName | None:
        """Return the nearest equal of a seat, which is taken from then on."""
        book = self._hall.book
        row = book.row_at(gone.position)
        section, place = book.place_of(row)
        first, seats = book.stretch(row)
        share = (gone.position - first) / seats
        best: SeatName | None = None
        cost: float = SEATS_MAX + 2 * ROWS_MAX
        for away in range(ROWS_MAX):
            for near in {place - away, place + away}:
                if 0 <= near < len(section.rows) and 2 * away < cost:
                    found = self._in_row(section.rows[near], gone, share, cost - 2 * away)
                    if found is not None:
                        cost, best = found[0] + 2 * away, found[1]
        if best is not None:
            self._taken.add(best.id)
        return best

    def _in_row(self, row: int, gone: SeatName, share: float, less_than: float) -> tuple[float, SeatName] | None:
        book = self._hall.book
        first, seats = book.stretch(row)
        codes = self._hall.codes(first, seats)
        center = gone.position - first if first <= gone.position < first + seats else share * seats
        for at in _outwards(center, seats):
            self._steps -= 1 if codes[at] else _FREE_STEPS
            if self._steps < 0 or abs(at - center) >= less_than:
                break
            if not codes[at] and book.equals(row, first + at, gone):
                seat = book.name_at(first + at)
                if seat.id not in self._taken:
                    return abs(at - center), seat
        return None


def _outwards(center: float, seats: int) -> Iterator[int]:
    """Yield the places of a row that are nearest to one, and then those further away."""
    left, right = int(center), int(center) + 1
    for _ in range(2 * SEATS_MAX):
        if left >= 0 and (right >= seats or center - left <= right - center):
            yield left
            left -= 1
        elif right < seats:
            yield right
            right += 1
        else:
            return
