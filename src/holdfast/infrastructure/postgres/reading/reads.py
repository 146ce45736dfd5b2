"""Reads that involve no rule and take no lock."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from asyncpg import Record

from holdfast.application.reading.ports import SeatOfEvent
from holdfast.domain.booking.archived import ArchivedReservation
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.catalogue.event import Event
from holdfast.infrastructure.postgres.booking.rows import reservation_from
from holdfast.infrastructure.postgres.catalogue.rows import event_from
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled, Query, bound, load_queries
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end
from holdfast.infrastructure.postgres.reading.halls import PostgresHallReads
from holdfast.infrastructure.postgres.reading.rows import seat_from


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class OfSeat(TypedDict):
    """One seat."""

    seat_id: UUID


class OfReservation(TypedDict):
    """One reservation, and the caller."""

    reservation_id: UUID
    user_id: str


class OfArchivedReservation(TypedDict):
    """One reservation."""

    reservation_id: UUID


class Page(TypedDict):
    """A page of a list."""

    limit: int
    offset: int


class PageOfEvents(Page):
    """A page of the list of events, and whose drafts are on it."""

    all_drafts: bool
    drafts_of: Sequence[UUID]


class PageOfOrganisers(Page):
    """A page of what belongs to some organisers."""

    organiser_ids: Sequence[UUID]


class PageOfUser(Page):
    """A page of a user's list."""

    user_id: str


class PageOfUserAt(PageOfUser):
    """A page of a user's list, of what belongs to some organisers."""

    organiser_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class ReadsQueries:
    """The statements of `reads.sql`."""

    event: Query[OfEvent]
    events: Query[PageOfEvents]
    events_of: Query[PageOfOrganisers]
    event_stamps: Query[PageOfEvents]
    seat: Query[OfSeat]
    reservation: Query[OfReservation]
    archived_reservation: Query[OfArchivedReservation]
    reservations: Query[PageOfUser]
    reservations_at: Query[PageOfUserAt]


READS = bound(ReadsQueries, load_queries("reading/reads"))


class PostgresReads:
    """`application.reading.ports.Reads` on a pool of its own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.halls = PostgresHallReads(pool)

    async def event(self, event_id: UUID) -> Event | None:
        """Find an event."""
        row = await self._row(READS.event({"event_id": event_id}))
        return event_from(row) if row else None

    async def events(
        self, *, limit: int, offset: int, drafts_of: AbstractSet[UUID] | None = frozenset()
    ) -> list[Event]:
        """List events, newest first."""
        rows = await self._rows(READS.events(_page_of_events(limit, offset, drafts_of)))
        return [event_from(row) for row in rows]

    async def events_of(self, organiser_ids: AbstractSet[UUID], *, limit: int, offset: int) -> list[Event]:
        """List the events of some organisers, drafts too, newest first."""
        rows = await self._rows(
            READS.events_of({"organiser_ids": sorted(organiser_ids), "limit": limit, "offset": offset})
        )
        return [event_from(row) for row in rows]

    async def event_stamps(
        self, *, limit: int, offset: int, drafts_of: AbstractSet[UUID] | None = frozenset()
    ) -> list[tuple[UUID, datetime]]:
        """List the events' ids and the times of their last edits."""
        rows = await self._rows(READS.event_stamps(_page_of_events(limit, offset, drafts_of)))
        return [(row["id"], row["updated_at"]) for row in rows]

    async def seat(self, seat_id: UUID) -> SeatOfEvent | None:
        """Find a seat and its event's version."""
        row = await self._row(READS.seat({"seat_id": seat_id}))
        return SeatOfEvent(seat_from(row), row["version"], row["archived"]) if row else None

    async def reservation(self, reservation_id: UUID, user_id: str) -> tuple[Reservation, int] | None:
        """Find the caller's reservation as it is now, and its event's version."""
        row = await self._row(READS.reservation({"reservation_id": reservation_id, "user_id": user_id}))
        return (reservation_from(row).as_seen_at(row["now"]), row["version"]) if row else None

    async def archived_reservation(self, reservation_id: UUID) -> ArchivedReservation | None:
        """Find a reservation that is in an archive."""
        row = await self._row(READS.archived_reservation({"reservation_id": reservation_id}))
        return ArchivedReservation(reservation_id, row["event_id"], row["buyer"]) if row else None

    async def reservations(self, user_id: str, *, limit: int, offset: int) -> list[Reservation]:
        """List the caller's reservations as they are now."""
        rows = await self._rows(READS.reservations({"user_id": user_id, "limit": limit, "offset": offset}))
        return [reservation_from(row).as_seen_at(row["now"]) for row in rows]

    async def reservations_at(
        self, organiser_ids: AbstractSet[UUID], user_id: str, *, limit: int, offset: int
    ) -> list[Reservation]:
        """List a user's reservations of organisers' events."""
        page = READS.reservations_at(
            {"organiser_ids": sorted(organiser_ids), "user_id": user_id, "limit": limit, "offset": offset}
        )
        return [reservation_from(row).as_seen_at(row["now"]) for row in await self._rows(page)]

    async def _row(self, statement: Filled) -> Record | None:
        return await to_its_end(self._fetch_row(statement))

    async def _rows(self, statement: Filled) -> list[Record]:
        return await to_its_end(self._fetch_rows(statement))

    async def _fetch_row(self, statement: Filled) -> Record | None:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetchrow(connection)

    async def _fetch_rows(self, statement: Filled) -> list[Record]:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)


def _page_of_events(limit: int, offset: int, drafts_of: AbstractSet[UUID] | None) -> PageOfEvents:
    return {"limit": limit, "offset": offset, "all_drafts": drafts_of is None, "drafts_of": sorted(drafts_of or ())}
