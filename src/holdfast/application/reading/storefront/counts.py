"""How many seats are free in each category and each section, counted once per state of an event."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.storefront.seat_book import SeatBook
from holdfast.domain.booking.snapshot import Mark

EVENTS_MAX = 256
"""Events whose counts are kept."""


@dataclass(frozen=True, slots=True)
class FreeSeats:
    """Free seats by the category's key, and by the section's place in the book."""

    by_category: Mapping[str | None, int]
    by_section: Sequence[int]


class KeptCounts:
    """Keeps the counts of the events that buyers look at.

    A hall of 100,000 seats takes about two milliseconds. Thousands load its page while it is sold, and share them.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, tuple[Mark, SeatBook, FreeSeats]] = OrderedDict()

    def of(self, book: SeatBook, seat_map: SeatMap) -> FreeSeats:
        """Return the counts of an event in the state that its map has now."""
        event_id = seat_map.event_id
        kept = self._kept.get(event_id)
        if kept is not None and kept[0] == seat_map.mark and kept[1] is book:
            return kept[2]
        counted = _counted(book, seat_map)
        self._kept[event_id] = seat_map.mark, book, counted
        self._kept.move_to_end(event_id)
        if len(self._kept) > EVENTS_MAX:
            self._kept.popitem(last=False)
        return counted


def _counted(book: SeatBook, seat_map: SeatMap) -> FreeSeats:
    by_category: dict[str | None, int] = {}
    by_section = []
    for section in book.sections:
        in_section = 0
        for row in section.rows:
            for key, first, seats in book.category_stretches(row):
                free = seat_map.codes(first, seats).count(0)
                by_category[key] = by_category.get(key, 0) + free
                in_section += free
        by_section.append(in_section)
    return FreeSeats(by_category, by_section)
