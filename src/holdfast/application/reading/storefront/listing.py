"""The list of events that can be booked, read once for all who look at the same page of it at the same time."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.reading.storefront.ports import After, ListedEvent, StorefrontReads
from holdfast.domain.catalogue.event import EventDetails

PAGE_EVENTS = 20
PRICES_KEPT_MAX = 10_000
"""Events whose lowest price is kept."""
PRICE_SECONDS = 60.0
"""While seats are added to an event, its lowest price is read again this often, and not for every reader."""
FEW_LEFT_SHARE = 20
"""Few are left where fewer than one seat in so many is free."""


class SaleState(StrEnum):
    """What a buyer can do with an event."""

    UNANNOUNCED = "unannounced"
    """It has no seats yet."""
    OPENS = "opens"
    ON_SALE = "on_sale"
    FEW_LEFT = "few_left"
    SOLD_OUT = "sold_out"
    """Seats may still come back while holds run out."""
    OVER = "over"
    """The sale has closed, or the event has begun."""


def sale_state(event: EventDetails, *, seats: int, free: int, now: datetime) -> SaleState:
    """Return what a buyer can do with an event at a time."""
    closes_at = event.start_at if event.sale_closes_at is None else min(event.start_at, event.sale_closes_at)
    if now >= closes_at:
        return SaleState.OVER
    if event.sale_opens_at is not None and now < event.sale_opens_at:
        return SaleState.OPENS
    if not seats:
        return SaleState.UNANNOUNCED
    if not free:
        return SaleState.SOLD_OUT
    return SaleState.FEW_LEFT if free * FEW_LEFT_SHARE < seats else SaleState.ON_SALE


@dataclass(frozen=True, slots=True)
class OfferedEvent:
    """An event with its state and its lowest price; None if no seat has a price."""

    listed: ListedEvent
    state: SaleState
    price_from: int | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of the list."""

    events: list[OfferedEvent]
    next: After | None
    """Where the next page begins; None if this is the last one."""


@dataclass(frozen=True, slots=True)
class _KeptPrice:
    seats: int
    chart_edits: int
    read_at: float
    price: int | None


class Listing:
    """Reads the list. A page takes one statement, and one more if there are events whose prices are not known yet."""

    def __init__(
        self, reads: StorefrontReads, *, clock: Callable[[], float], pause_seconds: Callable[[], float]
    ) -> None:
        self._reads = reads
        self._clock = clock
        self._prices: OrderedDict[UUID, _KeptPrice] = OrderedDict()
        self._readings: Coalescer[After | None, None, ListPage] = Coalescer(
            self._read, questions_max=1_000, pause_seconds=pause_seconds
        )

    async def page(self, after: After | None) -> ListPage:
        """Return the events that follow; None: from the first on.

        Raises:
            ConnectionLost, Contended: if the database cannot be asked.
        """
        return await self._readings.ask(after, None)

    async def _read(self, after: After | None, questions: Sequence[None]) -> Sequence[ListPage]:
        found, now = await self._reads.upcoming(after, limit=PAGE_EVENTS + 1)
        shown = found[:PAGE_EVENTS]
        own = await self._own_prices(shown)
        events = []
        for listed in shown:
            event = listed.event
            prices = [price for price in (listed.category_price, own[event.id]) if price is not None]
            state = sale_state(event.details, seats=event.seats, free=listed.free, now=now)
            events.append(OfferedEvent(listed, state, min(prices, default=None)))
        last = shown[-1].event if len(found) > PAGE_EVENTS else None
        page = ListPage(events, None if last is None else (last.details.start_at, last.id))
        return [page] * len(questions)

    async def _own_prices(self, listed: list[ListedEvent]) -> dict[UUID, int | None]:
        now = self._clock()
        wanted = [one for one in listed if not self._is_known(one, now)]
        if wanted:
            found = await self._reads.lowest_prices([one.event.id for one in wanted])
            for one in wanted:
                event_id = one.event.id
                if event_id in found:
                    self._prices[event_id] = _KeptPrice(one.event.seats, one.chart_edits, now, found[event_id])
                    self._prices.move_to_end(event_id)
        kept = {one.event.id: self._prices.get(one.event.id) for one in listed}
        prices = {event_id: None if one is None else one.price for event_id, one in kept.items()}
        while len(self._prices) > PRICES_KEPT_MAX:
            self._prices.popitem(last=False)
        return prices

    def _is_known(self, one: ListedEvent, now: float) -> bool:
        kept = self._prices.get(one.event.id)
        if kept is None:
            return False
        same = kept.seats == one.event.seats and kept.chart_edits == one.chart_edits
        return same or now < kept.read_at + PRICE_SECONDS
