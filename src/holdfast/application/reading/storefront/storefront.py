"""What buyers' pages read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.application.reading.storefront.counts import FreeSeats, KeptCounts
from holdfast.application.reading.storefront.listing import Listing
from holdfast.application.reading.storefront.ports import EventOnSale, StorefrontReads
from holdfast.application.reading.storefront.seat_book import SeatBook, SeatName
from holdfast.application.reading.storefront.seat_books import SeatBooks
from holdfast.domain.catalogue.refusals import EventArchived


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """How long holds last, which buyers are told before they hold seats."""

    seconds: int
    extensions_max: int


@dataclass(frozen=True, slots=True)
class Hall:
    """The seats of an event at one moment: their names, and their statuses."""

    book: SeatBook
    seat_map: SeatMap
    counts: KeptCounts

    def named(self, seat_ids: Sequence[UUID]) -> list[SeatName]:
        """Return the names of those of these seats that are in the chart."""
        positions = (self.seat_map.position_of(seat_id) for seat_id in seat_ids)
        return [self.book.name_at(at) for at in positions if at is not None and at < self.book.seats]

    def codes(self, first: int, seats: int) -> bytes:
        """Return the codes of seats that follow each other in the chart: 0 free, 1 held, 2 sold, 3 kept back."""
        return self.seat_map.codes(first, seats)

    @property
    def free(self) -> FreeSeats:
        """The free seats of each category and section."""
        return self.counts.of(self.book, self.seat_map)


class Storefront:
    """Reads for buyers' pages. What many look at at once is read once for all of them."""

    def __init__(
        self,
        reads: StorefrontReads,
        listing: Listing,
        books: SeatBooks,
        seat_maps: SeatMaps,
        terms: HoldTerms,
        *,
        pause_seconds: Callable[[], float],
    ) -> None:
        self.reads = reads
        self.listing = listing
        self.terms = terms
        self._books = books
        self._seat_maps = seat_maps
        self._counts = KeptCounts()
        self._events: Coalescer[UUID, None, EventOnSale | None] = Coalescer(
            self._read_event, questions_max=1_000, pause_seconds=pause_seconds
        )

    async def event(self, event_id: UUID) -> EventOnSale | None:
        """Return an event with its categories, no older than this call; None if there is no such event.

        Raises:
            EventArchived: if it was archived.
            ConnectionLost, Contended: if the database cannot be asked.
        """
        found = await self._events.ask(event_id, None)
        if found is not None and found.event.archived:
            raise EventArchived(event_id).at(found.event.version)
        return found

    async def hall(self, event_id: UUID) -> Hall | None:
        """Return an event's seats, no older than this call; None if there is no such event.

        Raises:
            EventArchived: if it was archived.
            ConnectionLost, Contended: if the database cannot be asked.
        """
        seat_map = await self._seat_maps.current(event_id)
        if seat_map is None:
            return None
        book = await self._books.book(event_id, seat_map)
        if book is None:
            await self._seat_maps.standing(event_id)  # says so if it was archived meanwhile
            return None
        return Hall(book, seat_map, self._counts)

    async def _read_event(self, event_id: UUID, questions: Sequence[None]) -> Sequence[EventOnSale | None]:
        return [await self.reads.on_sale(event_id)] * len(questions)
