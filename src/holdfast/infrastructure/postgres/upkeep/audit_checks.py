"""Runs the invariants over chosen rows, each time in a short snapshot of its own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Connection, GivenT, Nothing, Query, load_queries
from holdfast.infrastructure.postgres.upkeep.audit_queries import AUDIT, OfEvents, OfWindows
from holdfast.infrastructure.postgres.upkeep.invariants import ROWS_MAX

WHOLE_EVENTS_ONLY = frozenset({"counters_count", "versions_without_gaps", "charts_have_events"})
"""Promises that a part of an event's rows cannot tell anything about."""

_WHOLE: Mapping[str, Query[OfEvents]] = {
    "events": AUDIT.whole_events,
    "seats": AUDIT.whole_seats,
    "changes": AUDIT.whole_changes,
    "reservations": AUDIT.whole_reservations,
    "claims": AUDIT.whole_claims,
}
"""Which statement chooses the rows of each table that the checks see: all of some events. The later ones look at the
earlier ones, for no index leads from an event to its reservations or claims, and one would cost every sale."""

_COUNTED: Mapping[str, Query[OfEvents]] = {
    "events": AUDIT.whole_events,
    "seats": AUDIT.counted_seats,
    "claims": AUDIT.counted_claims,
    "reservations": AUDIT.counted_reservations,
}
"""The same for what is only counted."""

_NEW: Mapping[str, Query[OfWindows]] = {
    "entries": AUDIT.new_entries,
    "reservations": AUDIT.new_reservations,
    "wants": AUDIT.new_wants,
    "events": AUDIT.new_events,
    "seats": AUDIT.new_seats,
    "claims": AUDIT.new_claims,
    "changes": AUDIT.new_changes,
}
"""The same for what a stretch of the log tells of; in this order, for each looks at those before it."""

Rows: TypeAlias = dict[str, list[Mapping[str, Any]]]
"""Rows that break a promise, by its name."""


@dataclass(frozen=True, slots=True)
class Window:
    """Log entries of one event: those after `after` up to `until`."""

    event_id: UUID
    after: int
    until: int


class AuditChecks:
    """The invariants, over everything, over whole events, or over stretches of their logs."""

    def __init__(self) -> None:
        self.invariants = load_queries("upkeep/invariants")

    async def everything(self, connection: Connection) -> Rows:
        """Check all rows of all tables: for small databases."""
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await self._run(connection, self.invariants)

    async def whole_events(self, connection: Connection, event_ids: Sequence[UUID]) -> Rows:
        """Check every promise over all rows of some events."""
        if not event_ids:
            return {}
        async with self._looking_at(connection, _WHOLE, OfEvents(event_ids=event_ids)):
            return await self._run(connection, self.invariants)

    async def counters(self, connection: Connection, event_id: UUID) -> Rows:
        """Compare the counters of one event with its rows, which are counted and not looked at."""
        async with self._looking_at(connection, _COUNTED, OfEvents(event_ids=[event_id])):
            return await self._run(connection, {"counters_count": self.invariants["counters_count"]})

    async def windows(self, connection: Connection, windows: Sequence[Window]) -> Rows:
        """Check what stretches of the log tell of."""
        async with connection.transaction(isolation="repeatable_read"):
            rows = await AUDIT.windows(_columns(windows)).fetch(connection)
            given = _columns([Window(*row) for row in rows])
            if not rows:
                return {}
            missing = await _few(AUDIT.gaps_in_new_entries)(given).fetch(connection)
            queries = {name: query for name, query in self.invariants.items() if name not in WHOLE_EVENTS_ONLY}
            async with self._looking_at(connection, _NEW, given):
                found = await self._run(connection, queries)
        found["versions_without_gaps"] = [dict(row) for row in missing]
        return found

    @asynccontextmanager
    async def _looking_at(
        self, connection: Connection, scope: Mapping[str, Query[GivenT]], given: GivenT
    ) -> AsyncIterator[None]:
        """Put chosen rows into temporary tables, which come before the tables of the same names inside the block."""
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
        await connection.execute("SET LOCAL enable_seqscan = on")  # of what was chosen every row is looked at
        return {name: [dict(row) for row in await _few(query)({}).fetch(connection)] for name, query in queries.items()}


def _few(statement: Query[GivenT]) -> Query[GivenT]:
    """The same statement with at most `ROWS_MAX` rows."""
    return replace(statement, sql=f"{statement.sql} LIMIT {ROWS_MAX}")


def _columns(windows: Sequence[Window]) -> OfWindows:
    return {
        "event_ids": [window.event_id for window in windows],
        "after_versions": [window.after for window in windows],
        "until_versions": [window.until for window in windows],
    }
