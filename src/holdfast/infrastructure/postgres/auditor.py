"""The audit at a bounded price: what changed since the last one, and beside it a slow sweep over everything.

A full check reads every row, so its price grows with the tables; under a storm it would cost more than the sales.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from holdfast.application.ports import AuditedInvariant
from holdfast.infrastructure.postgres.failures import translated
from holdfast.infrastructure.postgres.hosts import connect_to_one_of
from holdfast.infrastructure.postgres.invariants import ROWS_MAX
from holdfast.infrastructure.postgres.queries import Query, load_queries

ENTRIES_MAX = 12_000
"""Log entries that one audit looks at for what is new (40 µs of PostgreSQL each), and again for its sweep (20 µs)."""

WHOLE_EVENTS_ONLY = frozenset({"counters_count", "versions_without_gaps", "charts_have_events"})
"""Promises that a part of an event's rows cannot tell anything about."""

_WHOLE = {
    "events": "whole_events",
    "seats": "whole_seats",
    "reservations": "whole_reservations",
    "claims": "whole_claims",
    "changes": "whole_changes",
}
"""Which statement chooses the rows of each table that the checks see: all of some events."""

_NEW = {
    "entries": "new_entries",
    "reservations": "new_reservations",
    "wants": "new_wants",
    "events": "new_events",
    "seats": "new_seats",
    "claims": "new_claims",
    "changes": "new_changes",
}
"""The same for what new log entries tell of; in this order, for each looks at those before it."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_Rows: TypeAlias = dict[str, list[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Window:
    """Log entries of one event: those after `after` up to `until`."""

    event_id: UUID
    after: int
    until: int


class PostgresAuditor:
    """`application.ports.Auditor`: a connection per audit, for audits are seldom.

    A database of at most `entries_max` log entries is checked whole each time. In a larger one each audit checks the
    entries that came since the last one, the oldest first, and as many whole events as fit, in turn; what was found
    broken is looked at again each time, until it is sound.
    """

    def __init__(self, database_url: str, *, entries_max: int = ENTRIES_MAX) -> None:
        self._database_url = database_url
        self._entries_max = entries_max
        self._queries = load_queries("invariants")
        self._scopes = load_queries("audit_scopes")
        self._audited: dict[UUID, int] = {}
        """The version up to which each event's entries were checked as they came."""
        self._broken: set[UUID] = set()
        self._swept_last = UUID(int=0)
        self._sweep_credit = 0

    async def audit(self) -> list[AuditedInvariant]:
        """Check in one snapshot."""
        with translated():
            connection = await connect_to_one_of(
                self._database_url, timeout=5, server_settings={"jit": "off", "application_name": "holdfast-auditor"}
            )
            try:
                async with connection.transaction(isolation="repeatable_read"):
                    found = await self._check(connection)
            finally:
                await connection.close()
        self._broken = {row["event_id"] for rows in found.values() for row in rows}
        return [AuditedInvariant(name, query.purpose, found.get(name, [])) for name, query in self._queries.items()]

    async def _check(self, connection: Connection) -> _Rows:
        rows = await connection.fetch(self._scopes["event_versions"].sql)
        versions = {row["id"]: row["version"] for row in rows}
        if sum(versions.values()) + len(versions) <= self._entries_max:
            self._audited = versions
            return await self._run(connection, self._queries)
        found = await self._check_new(connection, self._windows(versions))
        for name, more in (await self._sweep(connection, versions)).items():
            known = found.setdefault(name, [])
            known += [row for row in more if row not in known]
        return found

    def _windows(self, versions: Mapping[UUID, int]) -> list[_Window]:
        """Choose what is new and fits; an event seen for the first time is left to the sweep up to now."""
        left = self._entries_max
        windows = []
        audited = {event_id: self._audited.get(event_id, version) for event_id, version in versions.items()}
        for event_id, version in versions.items():
            until = min(version, audited[event_id] + left)
            if until > audited[event_id]:
                windows.append(_Window(event_id, audited[event_id], until))
                left -= until - audited[event_id]
                audited[event_id] = until
        self._audited = audited
        return windows

    async def _check_new(self, connection: Connection, windows: Sequence[_Window]) -> _Rows:
        if not windows:
            return {}
        given = (
            [window.event_id for window in windows],
            [window.after for window in windows],
            [window.until for window in windows],
        )
        queries = {name: query for name, query in self._queries.items() if name not in WHOLE_EVENTS_ONLY}
        gaps = self._scopes["gaps_in_new_entries"].sql
        missing = await connection.fetch(f"{gaps} LIMIT {ROWS_MAX}", *given)
        async with self._looking_at(connection, _NEW, *given):
            found = await self._run(connection, queries)
        found["versions_without_gaps"] = [dict(row) for row in missing]
        return found

    async def _sweep(self, connection: Connection, versions: Mapping[UUID, int]) -> _Rows:
        """Check whole events: the broken ones, and the next in turn for which there is credit.

        An event larger than one audit's share waits until enough of them have been saved up.
        """
        self._sweep_credit += self._entries_max
        chosen = [event_id for event_id in versions if event_id in self._broken]
        turn = _in_turn(versions, self._swept_last)
        orphans = await self._orphans(connection) if turn[:1] == sorted(versions)[:1] else {}
        for event_id in turn:
            price = versions[event_id] + 1
            if price > self._sweep_credit:
                break
            self._sweep_credit -= price
            self._swept_last = event_id
            chosen.append(event_id)
        else:
            self._sweep_credit = 0
        if not chosen:
            return orphans
        async with self._looking_at(connection, _WHOLE, list(set(chosen))):
            found = await self._run(connection, self._queries)
        return {**found, **orphans}

    async def _orphans(self, connection: Connection) -> _Rows:
        """Look for rows of events that never were, which no choice of events would show; once in each turn."""
        orphans = self._scopes["rows_without_events"].sql
        rows = await connection.fetch(f"{orphans} LIMIT {ROWS_MAX}")
        return {"charts_have_events": [dict(row) for row in rows]}

    @asynccontextmanager
    async def _looking_at(
        self, connection: Connection, scope: Mapping[str, str], *given: object
    ) -> AsyncIterator[None]:
        """Put chosen rows into temporary tables, which come before the tables of the same names inside the block."""
        for table, name in scope.items():
            arguments = given if "$1" in self._scopes[name].sql else ()
            await connection.execute(
                f"CREATE TEMP TABLE scoped_{table} ON COMMIT DROP AS {self._scopes[name].sql}", *arguments
            )
            await connection.execute(f"ANALYZE scoped_{table}")
        await connection.execute("; ".join(f"ALTER TABLE scoped_{table} RENAME TO {table}" for table in scope))
        try:
            yield
        finally:
            if not connection.is_closed():
                await connection.execute(f"DROP TABLE {', '.join(f'pg_temp.{table}' for table in scope)}")

    async def _run(self, connection: Connection, queries: Mapping[str, Query]) -> _Rows:
        return {
            name: [dict(row) for row in await connection.fetch(f"{query.sql} LIMIT {ROWS_MAX}")]
            for name, query in queries.items()
        }


def _in_turn(event_ids: Iterable[UUID], last: UUID) -> list[UUID]:
    """Give each event once, beginning after the last one that was swept."""
    ordered = sorted(event_ids)
    start = next((place for place, event_id in enumerate(ordered) if event_id > last), 0)
    return [*ordered[start:], *ordered[:start]]
