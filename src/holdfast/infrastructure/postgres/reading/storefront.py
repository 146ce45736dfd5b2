"""Reads for buyers' pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from asyncpg import Record

from holdfast.application.reading.storefront.ports import After, BookedEvent, EventOnSale, ListedEvent, PriceRun
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.states import ReservationStatus
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.event import Event
from holdfast.infrastructure.postgres.booking.rows import reservation_from
from holdfast.infrastructure.postgres.catalogue.rows import event_from
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled, Query, bound, load_queries
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end


class Nothing(TypedDict):
    """No values."""


class PageByStart(TypedDict):
    """A page of the list of events by when they start."""

    after_start: datetime | None
    after_id: UUID | None
    limit: int


class OfEvents(TypedDict):
    """Some events."""

    event_ids: Sequence[UUID]


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class SomeOfEvent(OfEvent):
    """The first of an event's runs of prices."""

    limit: int


class PageOfBuyers(TypedDict):
    """A page of the reservations of some buyers."""

    user_ids: Sequence[str]
    limit: int
    offset: int


class BuyersAtEvent(OfEvent):
    """Some buyers of an event."""

    user_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class StorefrontQueries:
    """The statements of `storefront.sql`."""

    upcoming: Query[PageByStart]
    now: Query[Nothing]
    lowest_prices: Query[OfEvents]
    on_sale: Query[OfEvent]
    own_prices: Query[SomeOfEvent]
    booked: Query[PageOfBuyers]
    booked_events: Query[OfEvents]
    live_at: Query[BuyersAtEvent]


STOREFRONT = bound(StorefrontQueries, load_queries("reading/storefront"))


class PostgresStorefrontReads:
    """`application.reading.storefront.ports.StorefrontReads` on the read pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def upcoming(self, after: After | None, *, limit: int) -> tuple[list[ListedEvent], datetime]:
        """List events by when they start."""
        start, event_id = after or (None, None)
        rows = await self._rows(STOREFRONT.upcoming({"after_start": start, "after_id": event_id, "limit": limit}))
        if not rows:
            return [], (await self._rows(STOREFRONT.now({})))[0]["now"]
        events = [(event_from(row), row) for row in rows]
        found = [
            ListedEvent(event, max(0, event.available - row["kept_back"]), row["chart_edits"], row["category_price"])
            for event, row in events
        ]
        return found, rows[0]["now"]

    async def lowest_prices(self, event_ids: Sequence[UUID]) -> dict[UUID, int | None]:
        """Find the lowest prices of seats."""
        rows = await self._rows(STOREFRONT.lowest_prices({"event_ids": event_ids}))
        return dict.fromkeys(event_ids) | {row["event_id"]: row["price"] for row in rows}

    async def on_sale(self, event_id: UUID) -> EventOnSale | None:
        """Read an event with its categories."""
        rows = await self._rows(STOREFRONT.on_sale({"event_id": event_id}))
        if not rows:
            return None
        row = rows[0]
        columns = (row["keys"] or (), row["names"] or (), row["colors"] or (), row["prices"] or ())
        categories = tuple(CategoryDetails(*values) for values in zip(*columns, strict=True))
        return EventOnSale(event_from(row), categories, row["takes_codes"], row["now"])

    async def own_prices(self, event_id: UUID, *, limit: int) -> list[PriceRun]:
        """Read the prices that seats have of their own."""
        rows = await self._rows(STOREFRONT.own_prices({"event_id": event_id, "limit": limit}))
        return [PriceRun(row["first"], row["seats"], row["price"]) for row in rows]

    async def booked(self, user_ids: Sequence[str], *, limit: int, offset: int) -> list[BookedEvent]:
        """List the reservations of buyers, with their events."""
        rows = await self._rows(STOREFRONT.booked({"user_ids": user_ids, "limit": limit, "offset": offset}))
        reservations = [reservation_from(row).as_seen_at(row["now"]) for row in rows]
        events = await self._events(sorted({reservation.event_id for reservation in reservations}))
        return [BookedEvent(one, events[one.event_id]) for one in reservations if one.event_id in events]

    async def live_at(self, event_id: UUID, user_ids: Sequence[str]) -> list[Reservation]:
        """List what buyers hold or have bought in an event."""
        rows = await self._rows(STOREFRONT.live_at({"event_id": event_id, "user_ids": user_ids}))
        found = [reservation_from(row).as_seen_at(row["now"]) for row in rows]
        return [one for one in found if one.status is not ReservationStatus.CANCELLED]

    async def booked_event(self, event_id: UUID) -> Event | None:
        """Find the event of a reservation."""
        return (await self._events([event_id])).get(event_id)

    async def _events(self, event_ids: Sequence[UUID]) -> dict[UUID, Event]:
        if not event_ids:
            return {}
        rows = await self._rows(STOREFRONT.booked_events({"event_ids": event_ids}))
        return {row["id"]: event_from(row) for row in rows}

    async def _rows(self, statement: Filled) -> list[Record]:
        return await to_its_end(self._fetch(statement))

    async def _fetch(self, statement: Filled) -> list[Record]:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)
