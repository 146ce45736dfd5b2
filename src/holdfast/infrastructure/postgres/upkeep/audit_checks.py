"""Runs the invariants on selected rows, each time in a short snapshot."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Connection, GivenT, Nothing, Query, load_queries
from holdfast.infrastructure.postgres.upkeep.audit_queries import AUDIT, OfEvents, OfWindows
from holdfast.infrastructure.postgres.upkeep.invariants import ROWS_MAX

WHOLE_EVENTS_ONLY = frozenset(
    {
        "counters_count",
        "versions_without_gaps",
        "charts_have_events",
        "channels_count_free_seats",
        "channels_have_their_own_seats",
        "openings_are_logged",
        "charts_are_numbered",
        "edits_are_counted",
        "companions_are_not_alone",
        "archived_events_are_in_their_files",
    }
)
"""Promises that cannot be checked on a part of an event's rows."""

EVERYTHING_ONLY = frozenset({"archived_reservations_are_told_of"})
"""Promises that cannot be checked on some events only: no index leads from an event to the rows. `holdfast check` and
the audit of a small database check them."""

_WHOLE: Mapping[str, Query[OfEvents]] = {
    "events": AUDIT.whole_events,
    "seats": AUDIT.whole_seats,
    "changes": AUDIT.whole_changes,
    "reservations": AUDIT.whole_reservations,
    "claims": AUDIT.whole_claims,
    "channels": AUDIT.whole_channels,
    "channel_seats": AUDIT.whole_channel_seats,
    "categories": AUDIT.whole_categories,
}
"""The statement that selects each table's rows for checking some events as a whole. The later ones use the results of
the earlier ones: no index leads from an event to its reservations or claims, since it would slow every sale."""

_COUNTED: Mapping[str, Query[OfEvents]] = {
    "events": AUDIT.whole_events,
    "seats": AUDIT.counted_seats,
    "claims": AUDIT.counted_claims,
    "reservations": AUDIT.counted_reservations,
}
"""The same for rows that are only counted."""

_OF_COUNTERS = ("counters_count", "archived_events_are_in_their_files")
"""The promises that need no more than that. Whether an archived event has a log is looked up in the real table."""

_NEW: Mapping[str, Query[OfWindows]] = {
    "entries": AUDIT.new_entries,
    "reservations": AUDIT.new_reservations,
    "wants": AUDIT.new_wants,
    "events": AUDIT.new_events,
    "seats": AUDIT.new_seats,
    "claims": AUDIT.new_claims,
    "categories": AUDIT.new_categories,
    "changes": AUDIT.new_changes,
}
"""The same for a window of the log. The order matters, because each uses the results of those before it."""

Rows: TypeAlias = dict[str, list[Mapping[str, Any]]]
"""Rows that break a promise, by the promise's name."""


@dataclass(frozen=True, slots=True)
class Window:
    """Log entries of one event: those after version `after`, up to `until`."""

    event_id: UUID
    after: int
    until: int


class AuditChecks:
    """Runs the invariants on everything, on whole events, or on windows of their logs."""

    def __init__(self) -> None:
        self.invariants = load_queries("upkeep/invariants")

    async def everything(self, connection: Connection) -> Rows:
        """Check all rows of all tables. For small databases."""
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await self._run(connection, self.invariants)

    async def whole_events(self, connection: Connection, event_ids: Sequence[UUID]) -> Rows:
        """Check every promise on all rows of some events."""
        if not event_ids:
            return {}
        queries = {name: query for name, query in self.invariants.items() if name not in EVERYTHING_ONLY}
        async with self._looking_at(connection, _WHOLE, OfEvents(event_ids=event_ids)):
            return await self._run(connection, queries)

    async def counters(self, connection: Connection, event_id: UUID) -> Rows:
        """Compare one event's counters with its rows, which are counted without being examined."""
        async with self._looking_at(connection, _COUNTED, OfEvents(event_ids=[event_id])):
            return await self._run(connection, {name: self.invariants[name] for name in _OF_COUNTERS})

    async def windows(self, connection: Connection, windows: Sequence[Window]) -> Rows:
        """Check the rows that windows of the log lead to."""
        async with connection.transaction(isolation="repeatable_read"):
            rows = await AUDIT.windows(_columns(windows)).fetch(connection)
            given = _columns([Window(*row) for row in rows])
            if not rows:
                return {}
            missing = await _few(AUDIT.gaps_in_new_entries)(given).fetch(connection)
            unseen = WHOLE_EVENTS_ONLY | EVERYTHING_ONLY
            queries = {name: query for name, query in self.invariants.items() if name not in unseen}
            async with self._looking_at(connection, _NEW, given):
                found = await self._run(connection, queries)
        found["versions_without_gaps"] = [dict(row) for row in missing]
        return found

    @asynccontextmanager
    async def _looking_at(
        self, connection: Connection, scope: Mapping[str, Query[GivenT]], given: GivenT
    ) -> AsyncIterator[None]:
        """Put the selected rows into temporary tables, which hide the real tables of these names inside the block."""
        async with connection.transaction(isolation="repeatable_read"):
            for table, statement in scope.items():
                await connection.execute(
                    f"CREATE TEMP TABLE scoped_{table} ON COMMIT DROP AS {statement.sql}", *statement.arguments(given)
                )
                await connection.execute(f"ANALYZE scoped_{table}")
            await connection.execute("; ".join(f"ALTER TABLE scoped_{table} RENAME TO {table}" for table in scope))
            yield
            await connection.execute(f"DROP TABLE {', '.join(f'pg_temp.{table}' for table in scope)}")

    async def _run(self, connection: Connection, queries: Mapping[str, Query[Nothing]]) -> Rows:
        await connection.execute("SET LOCAL enable_seqscan = on")  # every selected row is read anyway
        return {name: [dict(row) for row in await _few(query)({}).fetch(connection)] for name, query in queries.items()}


def _few(statement: Query[GivenT]) -> Query[GivenT]:
    """Limit a statement to `ROWS_MAX` rows."""
    return replace(statement, sql=f"{statement.sql} LIMIT {ROWS_MAX}")


def _columns(windows: Sequence[Window]) -> OfWindows:
    return {
        "event_ids": [window.event_id for window in windows],
        "after_versions": [window.after for window in windows],
        "until_versions": [window.until for window in windows],
    }
