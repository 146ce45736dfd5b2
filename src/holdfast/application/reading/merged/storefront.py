"""What buyers' pages list of all cells."""

import heapq
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from holdfast.application.cells.merging import MergedList
from holdfast.application.cells.view import View
from holdfast.application.reading.merged.keys import Key, ListKeys
from holdfast.application.reading.storefront.ports import (
    After,
    BookedEvent,
    EventOnSale,
    ListedEvent,
    PriceRun,
    StorefrontReads,
)
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.catalogue.event import Event


class MergedStorefrontReads:
    """`StorefrontReads` over several cells. What is of one event is read in its cell."""

    def __init__(self, cells: View[StorefrontReads], keys: View[ListKeys]) -> None:
        """Take two views of the same cells."""
        self._cells = cells
        self._keys = keys

    async def upcoming(self, after: After | None, *, limit: int) -> tuple[list[ListedEvent], datetime]:
        """List published events by when they start, and tell the latest of the databases' times."""
        found = await self._cells.ask_all(lambda _, reads: reads.upcoming(after, limit=limit))
        merged = heapq.merge(*(events for events, _ in found.values()), key=_start)
        return list(islice(merged, limit)), max(now for _, now in found.values())

    async def lowest_prices(self, event_ids: Sequence[UUID]) -> dict[UUID, int | None]:
        """Find the lowest prices of events, each in its cell. Of those without any, it is known once all have answered.

        A cell can go away between the list and the prices of its events. They must not count as events without prices.
        """
        found = await self._cells.ask_all(lambda _, reads: reads.lowest_prices(event_ids))
        known: dict[UUID, int | None] = {} if len(found) < self._cells.count else dict.fromkeys(event_ids)
        for prices in found.values():
            known |= {event_id: price for event_id, price in prices.items() if price is not None}
        return known

    async def booked(self, user_ids: Sequence[str], *, limit: int, offset: int) -> list[BookedEvent]:
        """List the reservations of buyers with their events, newest first."""

        def of(reads: StorefrontReads) -> Callable[..., Awaitable[list[BookedEvent]]]:
            return lambda *, limit, offset: reads.booked(user_ids, limit=limit, offset=offset)

        return await MergedList(
            self._cells, of, self._keys, lambda keys, stride: keys.booked(stride, user_ids), _newest
        ).page(limit=limit, offset=offset)

    async def on_sale(self, event_id: UUID) -> EventOnSale | None:
        """Read an event with its categories."""
        return await self._cells.first(event_id, lambda reads: reads.on_sale(event_id))

    async def booked_event(self, event_id: UUID) -> Event | None:
        """Find the event of a reservation."""
        return await self._cells.first(event_id, lambda reads: reads.booked_event(event_id))

    async def own_prices(self, event_id: UUID, *, limit: int) -> list[PriceRun]:
        """Read the prices that seats have of their own."""
        return await self._cells.first(event_id, lambda reads: reads.own_prices(event_id, limit=limit)) or []

    async def live_at(self, event_id: UUID, user_ids: Sequence[str]) -> list[Reservation]:
        """List what buyers hold or have bought in an event."""
        return await self._cells.first(event_id, lambda reads: reads.live_at(event_id, user_ids)) or []


def _start(listed: ListedEvent) -> After:
    return listed.event.details.start_at, listed.event.id


def _newest(booked: BookedEvent) -> Key:
    return booked.reservation.created_at, booked.reservation.id
