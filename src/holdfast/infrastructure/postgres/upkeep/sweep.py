"""The audit's slow sweep over everything that is stored, a limited piece at a time."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import asyncpg

from holdfast.infrastructure.postgres.driver.queries import Connection, Query
from holdfast.infrastructure.postgres.upkeep.audit_checks import AuditChecks, Rows, Window
from holdfast.infrastructure.postgres.upkeep.audit_queries import AUDIT, NextRows
from holdfast.infrastructure.postgres.upkeep.invariants import ROWS_MAX

_FIRST = UUID(int=0)
_STRAYS = {
    AUDIT.stray_charts: "charts_have_events",
    AUDIT.stray_reservations: "log_tells_of_reservations",
    AUDIT.stray_claims: "claims_are_reservations",
}
"""The statements that look for rows no event leads to, and the promise that such rows break."""


class Sweep:
    """Sweeps over all events by id, then over all rows that no event leads to, and starts again."""

    def __init__(self, checks: AuditChecks, *, entries_max: int, slice_entries: int) -> None:
        self._checks = checks
        self._entries_max = entries_max
        self._slice_entries = slice_entries
        self._last = _FIRST
        """The last event that was checked."""
        self._inside: tuple[UUID, int] | None = None
        """A large event that is being checked, and the version up to which its log has been."""
        self._strays_last = dict.fromkeys(_STRAYS, _FIRST)

    async def on(self, connection: Connection) -> AsyncIterator[Rows]:
        """Sweep as many log entries as one audit may check; yield the rows that break a promise."""
        credit = self._entries_max
        while credit > 0:
            if self._inside is not None:
                rows, spent = await self._inside_event(connection, self._inside)
                yield rows
                credit -= spent
                continue
            following = await AUDIT.next_events(
                {"after_event_id": self._last, "events_max": self._slice_entries}
            ).fetch(connection)
            if not following:
                self._last = _FIRST
                break
            chosen, price = _that_fit(following, self._slice_entries)
            if not chosen:
                self._inside = (following[0]["id"], 0)
                continue
            yield await self._checks.whole_events(connection, chosen)
            self._last = chosen[-1]
            credit -= price
        for statement in _STRAYS:
            yield await self._strays(connection, statement)

    async def _inside_event(self, connection: Connection, inside: tuple[UUID, int]) -> tuple[Rows, int]:
        """Check the next window of a large event's log, and after the last one its counters."""
        event_id, after = inside
        version = await AUDIT.event_version({"event_id": event_id}).fetchval(connection)
        until = min(version or 0, after + self._slice_entries)
        if until > after:
            rows = await self._checks.windows(connection, [Window(event_id, after, until)])
            self._inside = (event_id, until)
            return rows, until - after
        self._last, self._inside = event_id, None
        return await self._checks.counters(connection, event_id), self._slice_entries

    async def _strays(self, connection: Connection, statement: Query[NextRows]) -> Rows:
        rows = await statement({"after_id": self._strays_last[statement], "rows_max": self._entries_max}).fetch(
            connection
        )
        self._strays_last[statement] = rows[0]["last"] or _FIRST
        found: list[Mapping[str, Any]] = [_without_last(row) for row in rows if row["event_id"] is not None]
        return {_STRAYS[statement]: found[:ROWS_MAX]}


def _that_fit(events: list[Any], slice_entries: int) -> tuple[list[UUID], int]:
    """Choose as many of the first events as fit into a slice together."""
    chosen: list[UUID] = []
    total = 0
    for event in events:
        if total + event["price"] > slice_entries:
            break
        chosen.append(event["id"])
        total += event["price"]
    return chosen, total


def _without_last(row: asyncpg.Record) -> Mapping[str, Any]:
    return {name: value for name, value in row.items() if name != "last"}
