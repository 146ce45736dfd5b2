"""The names of the seats of the events that buyers look at, each made once per version of the chart."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.reading.edits import Edits
from holdfast.application.reading.kept_layouts import KeptLayouts
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.storefront.ports import StorefrontReads
from holdfast.application.reading.storefront.seat_book import SeatBook

KEPT_BYTES_MAX = 64 * 1024 * 1024
"""The size of all books together."""
TRUSTED_SECONDS = 60.0
"""A book of the chart's present version is used this long without asking whether a failover has lost that version. Only
names depend on it: what is held is decided by the seats' ids."""
PRICE_RUNS_MAX = 20_000
"""Runs of seats with the same price of their own. Seats after them are shown without a price until they are held."""


@dataclass(frozen=True, slots=True)
class _Kept:
    seats: int
    chart_edits: int
    read_at: float
    book: SeatBook


class SeatBooks:
    """Caches books by event. The least recently used are dropped first."""

    def __init__(self, reads: StorefrontReads, layouts: KeptLayouts, *, clock: Callable[[], float]) -> None:
        self._reads = reads
        self._layouts = layouts
        self._clock = clock
        self._kept: OrderedDict[UUID, _Kept] = OrderedDict()
        self._size_bytes = 0
        self._makings: Coalescer[UUID, SeatMap, SeatBook | None] = Coalescer(self._make, questions_max=1_000)

    async def book(self, event_id: UUID, seat_map: SeatMap) -> SeatBook | None:
        """Return the names of an event's seats, of the version of the chart that a map has; None if it is gone.

        Raises:
            ConnectionLost, Contended: if the database cannot be asked.
        """
        kept = self._kept.get(event_id)
        if kept is not None and self._is_true(kept, seat_map):
            self._kept.move_to_end(event_id)
            return kept.book
        return await self._makings.ask(event_id, seat_map)

    def _is_true(self, kept: _Kept, seat_map: SeatMap) -> bool:
        same = kept.seats == seat_map.seats and kept.chart_edits == seat_map.edits.chart
        return same and self._clock() < kept.read_at + TRUSTED_SECONDS

    async def _make(self, event_id: UUID, seat_maps: Sequence[SeatMap]) -> Sequence[SeatBook | None]:
        seat_map = max(seat_maps, key=lambda each: each.version)
        kept = self._kept.get(event_id)
        if kept is None or not self._is_true(kept, seat_map):
            made = await self._made(event_id, seat_map.seats, seat_map.edits, seat_map)
            if made is None:
                return [None] * len(seat_maps)
            kept = made
            self._keep(event_id, made)
        return [kept.book] * len(seat_maps)

    async def _made(self, event_id: UUID, seats: int, edits: Edits, seat_map: SeatMap) -> _Kept | None:
        read_at = self._clock()
        found = await self._layouts.layout(event_id, seat_map)
        if found is None:
            return None
        layout, _ = found
        prices = await self._reads.own_prices(event_id, limit=PRICE_RUNS_MAX)
        book = await asyncio.to_thread(SeatBook, layout.body, prices)
        return _Kept(seats, edits.chart, read_at, book)

    def _keep(self, event_id: UUID, made: _Kept) -> None:
        before = self._kept.pop(event_id, None)
        if before is not None:
            self._size_bytes -= before.book.size_bytes
        self._kept[event_id] = made
        self._size_bytes += made.book.size_bytes
        while self._size_bytes > KEPT_BYTES_MAX and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size_bytes -= dropped.book.size_bytes
