"""Loads and stores batches in PostgreSQL, with four round trips per transaction."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from uuid import UUID

import asyncpg

from holdfast.application.booking.ports import Closure, CodedChannel, Lock, LoggedStep
from holdfast.application.booking.seatings.seatings import STEPS_MAX
from holdfast.application.failures import GuardMismatch
from holdfast.domain.booking.archived import ArchivedReservation
from holdfast.domain.booking.snapshot import Changes, Mark, Snapshot
from holdfast.infrastructure.postgres.booking.batch_arguments import (
    channel_arguments,
    expected_channel_counts,
    expected_counts,
    load_arguments,
    makes_new_holds_only,
    new_hold_arguments,
    store_arguments,
)
from holdfast.infrastructure.postgres.booking.batch_queries import BATCH, BatchQueries, LogFrom
from holdfast.infrastructure.postgres.booking.rows import snapshot_from
from holdfast.infrastructure.postgres.booking.store_queries import STORE, StoreQueries
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import OutdatedRowType, translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled
from holdfast.infrastructure.postgres.driver.transaction import commit, rollback_if_open
from holdfast.infrastructure.postgres.identity.audit import append_to_audit


class PostgresBatchTransaction:
    """One transaction on one or more events (`application.booking.ports.BatchTransaction`)."""

    def __init__(self, connection: WatchedConnection, queries: BatchQueries, store_queries: StoreQueries) -> None:
        self._connection = connection
        self._queries = queries
        self._store_queries = store_queries

    async def lock(self, event_id: UUID, *, wait_seconds: float | None = None) -> Lock:
        """Begin and lock in one round trip. If no row was locked, a second one checks whether the event exists."""
        statement = self._queries.lock_event_unless_locked if wait_seconds == 0 else self._queries.lock_event
        begin = "BEGIN; "
        if wait_seconds:
            begin += f"SET LOCAL lock_timeout = {max(1, round(wait_seconds * 1000))}; "
        # The simple protocol takes several statements but no parameters. A UUID is safe to insert: it prints as hex
        # digits.
        lock = statement.sql.replace("$1", f"'{event_id!s}'")
        with translated(self._connection.cell):
            try:
                status = await self._connection.execute(f"{begin}{lock}")
            except asyncpg.LockNotAvailableError:
                if wait_seconds is None:
                    raise
                return "busy"
            if status != "SELECT 0":
                await self._connection.require_at_home()
                return "locked"
            if wait_seconds == 0:
                exists = await self._queries.event_exists({"event_id": event_id}).fetchval(self._connection)
                return "busy" if exists else "absent"
        return "absent"

    async def lock_idle(self, event_ids: Sequence[UUID]) -> None:
        """Begin, and lock whatever is free, in one round trip."""
        listed = ",".join(map(str, event_ids))
        lock = self._queries.lock_idle_events.sql.replace("$1", f"'{{{listed}}}'")
        with translated(self._connection.cell):
            await self._connection.execute(f"BEGIN; {lock}")
            await self._connection.require_at_home()

    async def version(self, event_id: UUID) -> int:
        """Read the version of the locked event."""
        with translated(self._connection.cell):
            version: int = await self._queries.locked_version({"event_id": event_id}).fetchval(self._connection)
        return version

    async def load(self, event_id: UUID, closure: Closure) -> tuple[Snapshot, datetime]:
        """Read everything in one statement."""
        return await load(self._connection, self._queries, event_id, closure)

    async def load_locked(self, closures: Mapping[UUID, Closure]) -> tuple[dict[UUID, Snapshot], datetime]:
        """Read everything in one statement."""
        rows = await _load_rows(self._connection, self._queries, closures)
        locked = {
            event_id: snapshot_from(event_id, row)
            for event_id, row in zip(closures, rows, strict=True)
            if row["locked"] or row["version"] is None
        }
        return locked, rows[0]["now"]

    async def log_from(self, event_id: UUID, version: int) -> list[LoggedStep]:
        """Read the log in one statement."""
        given: LogFrom = {"event_id": event_id, "version": version, "steps_max": STEPS_MAX + 1}
        with translated(self._connection.cell):
            rows = await self._queries.log_from(given).fetch(self._connection)
        return [
            LoggedStep(
                Mark(row["version"], row["at"], row["kind"], row["reservation_id"]),
                tuple(row["seat_ids"]),
                tuple(row["freed_seat_ids"] or ()),
            )
            for row in rows
        ]

    async def store(self, changes: Changes, now: datetime) -> None:
        """Write in one statement, and check the number of rows."""
        await self.store_together([changes], now)

    async def store_together(self, batches: Sequence[Changes], now: datetime) -> None:
        """Write all new holds in one statement, and any other changes with one per event; then into the audit."""
        new_holds: list[Changes] = []
        others: list[Changes] = []
        for changes in batches:
            if changes.channels:
                await self._write_channels(changes, now)
            (new_holds if makes_new_holds_only(changes) else others).append(changes)
        if new_holds:
            await self._write(self._store_queries.store_new_holds(new_hold_arguments(new_holds, now)), *new_holds)
        for changes in others:
            await self._write(self._store_queries.store_batch(store_arguments(changes, now)), changes)
        for changes in others:
            for entry in changes.audit:
                await append_to_audit(self._connection, entry, now)

    async def _write(self, statement: Filled, *batches: Changes) -> None:
        with translated(self._connection.cell):
            row = await statement.fetchrow(self._connection)
        assert row is not None
        check_counts(expected_counts(*batches), row)

    async def _write_channels(self, changes: Changes, now: datetime) -> None:
        """Write what a batch changes in channels, in a statement of its own: most batches change nothing there."""
        with translated(self._connection.cell):
            row = await self._store_queries.store_channels(channel_arguments(changes, now)).fetchrow(self._connection)
        assert row is not None
        check_counts(expected_channel_counts(changes), row)

    async def commit(self) -> None:
        """Commit. A warning about the wait for the standby counts as a lost connection."""
        with translated(self._connection.cell):
            await commit(self._connection, known_at_home=True)


def check_counts(expected: dict[str, int], actual: asyncpg.Record) -> None:
    """Compare the rows written, by kind, with the rows decided.

    Raises:
        GuardMismatch: naming the kinds that differ.
    """
    differing = {kind: (count, actual[kind]) for kind, count in expected.items() if actual[kind] != count}
    if differing:
        raise GuardMismatch(f"rows (expected, written): {differing}")


async def load(
    connection: WatchedConnection, queries: BatchQueries, event_id: UUID, closure: Closure
) -> tuple[Snapshot, datetime]:
    """Read what a batch can touch, and the database's time."""
    (row,) = await _load_rows(connection, queries, {event_id: closure})
    return snapshot_from(event_id, row), row["now"]


async def _load_rows(
    connection: WatchedConnection, queries: BatchQueries, closures: Mapping[UUID, Closure]
) -> list[asyncpg.Record]:
    """Read what batches can touch: one row per event, in their order."""
    with translated(connection.cell):
        return await queries.load_batch(load_arguments(closures)).fetch(connection)


class PostgresBatchStore:
    """`application.booking.ports.BatchStore` on two pools: one for writes, and one for the reads that only steer."""

    def __init__(self, write_pool: Pool, read_pool: Pool) -> None:
        self._write_pool = write_pool
        self._read_pool = read_pool
        self.queries = BATCH
        self.store_queries = STORE

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresBatchTransaction]:
        """Lend a write connection. What is not committed is rolled back; if that fails, the connection is cut."""
        async with self._write_pool.connection() as connection:
            try:
                yield PostgresBatchTransaction(connection, self.queries, self.store_queries)
            finally:
                await rollback_if_open(connection)

    async def load_unlocked(self, event_id: UUID, closure: Closure) -> tuple[Snapshot, datetime]:
        """Read what a batch would load, without a lock.

        When a migration has added a column to `reservations`, every idle connection fails once, since the driver keeps
        the row type. Without another attempt, requests would get 503 in the middle of an upgrade. A batch needs none
        of this: it is submitted again anyway.
        """
        for _ in range(self._read_pool.size):
            with suppress(OutdatedRowType):
                return await self._load_once(event_id, closure)
        return await self._load_once(event_id, closure)

    async def _load_once(self, event_id: UUID, closure: Closure) -> tuple[Snapshot, datetime]:
        async with self._read_pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            return await load(connection, self.queries, event_id, closure)

    async def coded_channels(self, event_id: UUID) -> list[CodedChannel]:
        """Find the channels that have an access code."""
        async with self._read_pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                rows = await self.queries.coded_channels({"event_id": event_id}).fetch(connection)
        return [CodedChannel(row["key"], row["code_digest"], row["is_open"]) for row in rows]

    async def find_reservations(self, reservation_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, str]]:
        """Find the event and the user of each reservation."""
        async with self._read_pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                rows = await self.queries.reservation_owners({"reservation_ids": reservation_ids}).fetch(connection)
        return {row["id"]: (row["event_id"], row["user_id"]) for row in rows}

    async def find_archived(self, reservation_ids: Sequence[UUID]) -> dict[UUID, ArchivedReservation]:
        """Find those of these reservations that are in archives."""
        async with self._read_pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                rows = await self.queries.archived_reservations({"reservation_ids": reservation_ids}).fetch(connection)
        return {row["id"]: ArchivedReservation(row["id"], row["event_id"], row["buyer"]) for row in rows}

    async def quiet_overdue_events(self, events_max: int) -> list[UUID]:
        """Find events with overdue holds, those overdue the longest first."""
        async with self._read_pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                rows = await self.queries.overdue_events({"events_max": events_max}).fetch(connection)
        return [row["event_id"] for row in rows]
