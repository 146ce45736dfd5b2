"""Reads the reservations of an event, page by page."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

import asyncpg

from holdfast.application.giving_way import give_way
from holdfast.application.reports.ports import EventOnReport, Filter, Place, ReportedReservation
from holdfast.domain.booking.snapshot import Mark
from holdfast.domain.booking.states import ReservationStatus
from holdfast.infrastructure.postgres.booking.rows import reservation_from
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled, Query, bound, load_queries
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class OfVersion(OfEvent):
    """One version of an event."""

    version: int


class OfReservation(OfEvent):
    """One reservation of an event."""

    reservation_id: UUID


class PageOfReservations(OfEvent):
    """A page of an event's reservations."""

    statuses: Sequence[str]
    overdue_as_pending: bool
    overdue_besides: bool
    before_version: int
    limit: int


class PageOfUser(OfEvent):
    """A page of those of one user."""

    user_id: str
    statuses: Sequence[str]
    until_version: int
    before_time: datetime
    before_id: UUID
    limit: int


@dataclass(frozen=True, slots=True)
class ReservationsQueries:
    """The statements of `reservations.sql`."""

    event_on_report: Query[OfEvent]
    mark_of_event: Query[OfVersion]
    place_of_reservation: Query[OfReservation]
    reservations_of_event: Query[PageOfReservations]
    reservations_of_user_in_event: Query[PageOfUser]


RESERVATIONS = bound(ReservationsQueries, load_queries("reports/reservations"))

ROWS_PER_TURN = 100
"""Rows that are converted between two turns of the event loop, in about half a millisecond."""


class PostgresReservationSource:
    """`application.reports.ports.ReservationSource`: short reads on the read pool, stretches on that of large reads."""

    def __init__(self, pool: Pool, large_pool: Pool) -> None:
        self._pool = pool
        self._large_pool = large_pool
        self._stretch_turns = asyncio.Lock()

    async def event(self, event_id: UUID) -> EventOnReport | None:
        """Find an event."""
        rows = await self._rows(RESERVATIONS.event_on_report({"event_id": event_id}))
        if not rows:
            return None
        row = rows[0]
        return EventOnReport(
            id=event_id,
            mark=_mark_from(row),
            timezone=row["timezone"],
            currency=row["currency"],
            categories=dict(zip(row["category_numbers"], row["category_keys"], strict=True)),
            chart_edits=row["chart_edits"],
            now=row["now"],
            archived=row["archived"],
        )

    async def mark(self, event_id: UUID, version: int) -> Mark | None:
        """Identify the state of an event at a version."""
        rows = await self._rows(RESERVATIONS.mark_of_event({"event_id": event_id, "version": version}))
        return _mark_from(rows[0]) if rows else None

    async def place_of(self, event_id: UUID, reservation_id: UUID) -> Place | None:
        """Return where a reservation is in lists."""
        asked: OfReservation = {"event_id": event_id, "reservation_id": reservation_id}
        rows = await self._rows(RESERVATIONS.place_of_reservation(asked))
        return Place(rows[0]["created_version"], rows[0]["created_at"], reservation_id) if rows else None

    async def page(
        self, event: EventOnReport, wanted: Filter, *, before: Place, limit: int
    ) -> list[ReportedReservation]:
        """Read a page."""
        statement = (
            _page(event, wanted, before, limit) if wanted.user_id is None else _of_user(event, wanted, before, limit)
        )
        return [_reported_from(row) for row in await self._rows(statement)]

    async def stretch(
        self, event: EventOnReport, wanted: Filter, *, before: Place, limit: int
    ) -> list[ReportedReservation]:
        """Read stretches one at a time, so that no export keeps the connection from another."""
        read = _stretch if wanted.user_id is None else _of_user
        async with self._stretch_turns:
            rows = await to_its_end(self._fetch(read(event, wanted, before, limit), self._large_pool, None))
        found: list[ReportedReservation] = []
        for start in range(0, len(rows), ROWS_PER_TURN):
            found += map(_reported_from, rows[start : start + ROWS_PER_TURN])
            await give_way()
        return found

    async def _rows(self, statement: Filled) -> list[asyncpg.Record]:
        return await to_its_end(self._fetch(statement, self._pool, SHORT_USE_SECONDS_MAX))

    async def _fetch(self, statement: Filled, pool: Pool, use_seconds_max: float | None) -> list[asyncpg.Record]:
        async with pool.connection(use_seconds_max=use_seconds_max) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)


def _page(event: EventOnReport, wanted: Filter, before: Place, limit: int) -> Filled:
    return RESERVATIONS.reservations_of_event(
        {
            "event_id": event.id,
            "statuses": _statuses(wanted),
            "overdue_as_pending": wanted.status is None,
            "overdue_besides": wanted.status is ReservationStatus.CANCELLED,
            "before_version": before.version,
            "limit": limit,
        }
    )


def _stretch(event: EventOnReport, wanted: Filter, before: Place, limit: int) -> Filled:
    statuses = _statuses(wanted)
    if wanted.status is ReservationStatus.CANCELLED:
        statuses.append(ReservationStatus.PENDING)
    return RESERVATIONS.reservations_of_event(
        {
            "event_id": event.id,
            "statuses": statuses,
            "overdue_as_pending": True,
            "overdue_besides": False,
            "before_version": before.version,
            "limit": limit,
        }
    )


def _of_user(event: EventOnReport, wanted: Filter, before: Place, limit: int) -> Filled:
    assert wanted.user_id is not None
    return RESERVATIONS.reservations_of_user_in_event(
        {
            "event_id": event.id,
            "user_id": wanted.user_id,
            "statuses": _statuses(wanted),
            "until_version": event.mark.version,
            "before_time": before.at,
            "before_id": before.reservation_id,
            "limit": limit,
        }
    )


def _statuses(wanted: Filter) -> list[ReservationStatus]:
    return list(ReservationStatus) if wanted.status is None else [wanted.status]


def _mark_from(row: asyncpg.Record) -> Mark:
    return Mark(row["version"], row["at"], row["kind"], row["reservation_id"])


def _reported_from(row: asyncpg.Record) -> ReportedReservation:
    return ReportedReservation(reservation_from(row).as_seen_at(row["now"]), row["seat_numbers"])
