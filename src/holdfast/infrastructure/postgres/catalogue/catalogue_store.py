"""Writes events and their charts to PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from holdfast.application.failures import GuardMismatch
from holdfast.application.features import FEATURES
from holdfast.domain.booking.snapshot import ChangeKind
from holdfast.domain.catalogue.event import Event, EventDetails
from holdfast.domain.catalogue.seat import NewSeat
from holdfast.domain.identity.audit import AuditEntry
from holdfast.infrastructure.postgres.catalogue.catalogue_queries import CATALOGUE, Details
from holdfast.infrastructure.postgres.catalogue.channel_store import PostgresChannelTransaction
from holdfast.infrastructure.postgres.catalogue.hall_store import PostgresHallTransaction
from holdfast.infrastructure.postgres.catalogue.rows import event_from
from holdfast.infrastructure.postgres.catalogue.seat_copy import COLUMNS, binary_rows
from holdfast.infrastructure.postgres.catalogue.seat_numbers import copy_new_seats
from holdfast.infrastructure.postgres.driver.connection import Timeouts, WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.driver.queries import Filled
from holdfast.infrastructure.postgres.driver.transaction import commit, rollback_if_open
from holdfast.infrastructure.postgres.identity.audit import append_to_audit


class PostgresCatalogueTransaction:
    """One transaction on one event's row and chart (`application.catalogue.ports.CatalogueTransaction`)."""

    def __init__(self, connection: WatchedConnection) -> None:
        self._connection = connection
        self.halls = PostgresHallTransaction(connection, self._guarded, self._log)
        self.channels = PostgresChannelTransaction(connection, self._guarded)

    async def lock_event(self, event_id: UUID) -> tuple[Event | None, datetime]:
        """Lock, then read in a separate statement, which sees what was committed while waiting for the lock."""
        await self._execute(CATALOGUE.lock_event({"event_id": event_id}))
        with translated(self._connection.cell):
            await self._connection.require_at_home()
            row = await CATALOGUE.event_after_lock({"event_id": event_id}).fetchrow(self._connection)
            now: datetime = row["now"] if row else await CATALOGUE.clock({}).fetchval(self._connection)
        return (event_from(row) if row else None), now

    async def insert_event(self, event_id: UUID, details: EventDetails, organiser_id: UUID) -> Event:
        """Store a new event, or return what an earlier attempt has stored."""
        await self._execute(
            CATALOGUE.insert_event({"event_id": event_id, "organiser_id": organiser_id, **_values(details)})
        )
        event, _ = await self.lock_event(event_id)
        assert event is not None
        return event

    async def feature_is_on(self, name: str) -> bool:
        """Compare the feature's migration with that up to which upgrades are finished."""
        statement = CATALOGUE.feature_is_on({"migration": FEATURES[name].migration})
        with translated(self._connection.cell):
            return bool(await statement.fetchval(self._connection))

    async def update_event(self, event: Event, details: EventDetails, now: datetime) -> Event:
        """Replace the details, and log it."""
        await self._guarded(
            event,
            CATALOGUE.update_event(
                {"event_id": event.id, "loaded_version": event.version, **_values(details), "now": now}
            ),
        )
        await self._log(event, event.version + 1, ChangeKind.EVENT_EDITED, now)
        updated, _ = await self.lock_event(event.id)
        assert updated is not None
        return updated

    async def delete_event(self, event: Event, now: datetime) -> int:
        """Cancel the live holds, mark the event deleted, and log each step."""
        with translated(self._connection.cell):
            ended = await CATALOGUE.cancel_holds_of_deleted_event(
                {"event_id": event.id, "loaded_version": event.version, "now": now}
            ).fetchrow(self._connection)
        assert ended is not None
        if ended["holds"] != ended["log"] or ended["seats"] != event.reserved:
            raise GuardMismatch(f"event {event.id}: {dict(ended)} of {event.reserved} held seats")
        version: int = event.version + ended["holds"] + 1
        await self._guarded(
            event,
            CATALOGUE.delete_event(
                {"event_id": event.id, "loaded_version": event.version, "now": now, "version": version}
            ),
        )
        await self._execute(CATALOGUE.delete_channels_of_deleted_event({"event_id": event.id}))
        await self._log(event, version, ChangeKind.EVENT_DELETED, now)
        return version

    async def has_entry(self, event_id: UUID, version: int, at: datetime) -> bool:
        """Return whether an earlier attempt's entry is in the log."""
        with translated(self._connection.cell):
            statement = CATALOGUE.has_entry({"event_id": event_id, "version": version, "at": at})
            return bool(await statement.fetchval(self._connection))

    async def insert_seats(
        self,
        event: Event,
        seats: Sequence[NewSeat],
        seat_ids: Sequence[UUID],
        now: datetime,
        *,
        other_forms: Sequence[str],
    ) -> int:
        """Append seats with COPY, count them and log it."""
        await copy_new_seats(
            self._connection,
            event.id,
            binary_rows(event.id, seats, seat_ids, first_position=event.seats),
            COLUMNS,
            seat_numbers=lambda: [seat.seat_number for seat in seats],
            other_forms=other_forms,
        )
        await self._guarded(
            event,
            CATALOGUE.count_added_seats(
                {"event_id": event.id, "loaded_version": event.version, "added_seats": len(seats)}
            ),
        )
        await self._log(event, event.version + 1, ChangeKind.SEATS_ADDED, now)
        return event.version + 1

    async def append_audit(self, entry: AuditEntry, now: datetime) -> None:
        """Write the change into the audit."""
        await append_to_audit(self._connection, entry, now)

    async def commit(self) -> None:
        """Commit. A warning about the wait for the standby counts as a lost connection."""
        with translated(self._connection.cell):
            await commit(self._connection)

    async def _log(self, event: Event, version: int, kind: ChangeKind, at: datetime) -> None:
        await self._execute(CATALOGUE.log_change({"event_id": event.id, "version": version, "kind": kind, "at": at}))

    async def _guarded(self, event: Event, statement: Filled) -> None:
        status = await self._execute(statement)
        if status != "UPDATE 1":
            raise GuardMismatch(f"{statement} of {event.id}: {status}")

    async def _execute(self, statement: Filled) -> str:
        with translated(self._connection.cell):
            return await statement.execute(self._connection)


class PostgresCatalogueStore:
    """`application.catalogue.ports.CatalogueStore` on a pool that no sale uses."""

    def __init__(self, pool: Pool, timeouts: Timeouts) -> None:
        self._pool = pool
        self._bulk_milliseconds = int(timeouts.bulk_statement_seconds * 1000)

    @asynccontextmanager
    async def transaction(self, *, bulk: bool = False) -> AsyncIterator[PostgresCatalogueTransaction]:
        """Begin a transaction on a lent connection. What is not committed is rolled back."""
        begin = "BEGIN"
        if bulk:
            begin += f"; SET LOCAL statement_timeout = {self._bulk_milliseconds}"
        async with self._pool.connection() as connection:
            try:
                with translated(connection.cell):
                    await connection.execute(begin)
                yield PostgresCatalogueTransaction(connection)
            finally:
                await rollback_if_open(connection)


def _values(details: EventDetails) -> Details:
    return {
        "name": details.name,
        "description": details.description,
        "venue": details.venue,
        "start_at": details.start_at,
        "end_at": details.end_at,
        "total_seats": details.total_seats,
        "max_seats_per_buyer": details.max_seats_per_buyer,
        "published": details.published,
        "timezone": details.timezone,
        "currency": details.currency,
        "sale_opens_at": details.sale_opens_at,
        "sale_closes_at": details.sale_closes_at,
        "confirmation": details.confirmation,
    }
