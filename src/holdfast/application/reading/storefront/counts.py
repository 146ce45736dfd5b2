"""How many seats are free in each category and each section, counted once per state of an event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.storefront.seat_book import SeatBook, Stretches
from holdfast.domain.booking.snapshot import Mark


@dataclass(frozen=True, slots=True)
class FreeSeats:
    """Free seats by the category's key, and by the section's place in the book."""

    by_category: Mapping[str | None, int]
    by_section: Sequence[int]


class KeptCounts:
    """Keeps the counts of the events that buyers look at.

    A hall whose rows alternate between categories takes 30 milliseconds. Thousands load its page while it is sold, and
    share them. Counts go with the book that they belong to, and do not keep it: books are large, and have their limit.
    """

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[SeatBook, tuple[Mark, FreeSeats]] = WeakKeyDictionary()

    def of(self, book: SeatBook, seat_map: SeatMap) -> FreeSeats:
        """Return the counts of an event in the state that its map has now."""
        kept = self._kept.get(book)
        if kept is not None and kept[0] == seat_map.mark:
            return kept[1]
        counted = _counted(book, seat_map)
        self._kept[book] = seat_map.mark, counted
        return counted


def _counted(book: SeatBook, seat_map: SeatMap) -> FreeSeats:
    def free(stretches: Stretches) -> int:
        return sum(seat_map.codes(first, seats).count(0) for first, seats in stretches)

    by_category = {key: free(stretches) for key, stretches in book.categories.items()}
    return FreeSeats(by_category, [free(section.stretches) for section in book.sections])
