"""The audit, at a bounded cost: it checks what has changed since the last audit, and slowly sweeps everything else.

A full check reads every row, so its cost grows with the tables; under a storm it would take more than the sales do. Nor
may it keep one snapshot open for long: until that ends, no dead row can be removed, and each update of a busy event's
row becomes slower. Everything is therefore checked in slices.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from holdfast.application.upkeep.ports import AuditedInvariant
from holdfast.domain.booking.snapshot import Mark
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.known_schema import session_name
from holdfast.infrastructure.postgres.driver.owners import require_at_home
from holdfast.infrastructure.postgres.driver.poolers import connect_with
from holdfast.infrastructure.postgres.driver.queries import Connection
from holdfast.infrastructure.postgres.upkeep.audit_checks import AuditChecks, Rows, Window
from holdfast.infrastructure.postgres.upkeep.audit_queries import AUDIT
from holdfast.infrastructure.postgres.upkeep.sweep import Sweep
from holdfast.server_urls.cells import Cell

ENTRIES_MAX = 12_000
"""Log entries that one audit checks because they are new (40 µs of PostgreSQL each), and as many again for its sweep
(20 µs each)."""
SLICE_ENTRIES = 3_000
"""Log entries checked in one snapshot."""
OVERLAP = timedelta(seconds=40)
"""An entry may be committed this long after its time was read. Bulk calls take the longest."""

_SETTINGS = {
    "jit": "off",
    # Select rows by index, whatever outdated statistics say about tables that have grown.
    "enable_seqscan": "off",
    "application_name": session_name("auditor"),
    "statement_timeout": "30000",
    "lock_timeout": "3000",
    # If a leader's machine is cut off, the lock must not stay for the hours that TCP's defaults allow.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


class PostgresAuditor:
    """`application.upkeep.ports.Auditor`. One of all workers leads and audits, over a connection that holds the lock.

    A database of at most `entries_max` log entries is checked as a whole each time. In a larger one, each audit checks
    the entries added since the last audit and continues a sweep through whole events. Whatever was found broken is
    checked again each time until it is sound.
    """

    def __init__(
        self, where: Cell | str, *, entries_max: int = ENTRIES_MAX, slice_entries: int = SLICE_ENTRIES
    ) -> None:
        self._cell = Cell.of(where)
        self._entries_max = entries_max
        self._slice_entries = min(slice_entries, entries_max)
        self._checks = AuditChecks()
        self._sweep = Sweep(self._checks, entries_max=entries_max, slice_entries=self._slice_entries)
        self._connection: Connection | None = None
        self._looked_at: datetime | None = None
        """When new entries were last looked for."""
        self._audited: dict[UUID, int] = {}
        """For recently changed events, the version up to which their new entries have been checked."""
        self._marks: dict[UUID, Mark] = {}
        """The states at those versions when they were checked."""
        self._waiting: dict[UUID, Window] = {}
        """New entries that did not fit into the last audits."""
        self._broken: set[UUID] = set()

    async def audit(self) -> list[AuditedInvariant] | None:
        """Check what is due; None if another worker leads."""
        with translated(self._cell):
            connection = await self._leading()
            if connection is None:
                return None
            try:
                await require_at_home(connection, self._cell)
                found = await self._check(connection)
            except BaseException:
                connection.terminate()
                raise
        self._broken = {row["event_id"] for rows in found.values() for row in rows}
        return [
            AuditedInvariant(name, query.purpose, found.get(name, []))
            for name, query in self._checks.invariants.items()
        ]

    async def close(self) -> None:
        """Cut the connection, which ends the lead."""
        if self._connection is not None:
            self._connection.terminate()

    async def _leading(self) -> "Connection | None":
        """Return the connection that leads; None if another worker does."""
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        connection = await connect_with(self._cell, {**_SETTINGS, **self._cell.search_path}, timeout=5)
        if await AUDIT.try_to_lead({}).fetchval(connection):
            self._connection = connection
            return connection
        await connection.close()
        return None

    async def _check(self, connection: Connection) -> Rows:
        price = await AUDIT.price_of_everything({"events_max": self._entries_max}).fetchval(connection)
        if price <= self._entries_max:
            self._audited, self._marks, self._waiting = {}, {}, {}
            self._looked_at = await AUDIT.clock({}).fetchval(connection)
            return await self._checks.everything(connection)
        found: Rows = {}
        await self._look_for_new_entries(connection)
        for windows in self._next_windows():
            _add(found, await self._checks.windows(connection, windows))
        self._marks = await self._marks_of(connection, self._audited)
        _add(found, await self._checks.whole_events(connection, sorted(self._broken)))
        for swept in [rows async for rows in self._sweep.on(connection)]:
            _add(found, swept)
        return found

    async def _look_for_new_entries(self, connection: Connection) -> None:
        """Find new entries. The sweep covers an event's entries before its first new one, unless it changed lately."""
        now: datetime = await AUDIT.clock({}).fetchval(connection)
        since = now if self._looked_at is None else self._looked_at - OVERLAP
        self._looked_at = now
        rows = await AUDIT.recent_entries({"since": since}).fetch(connection)
        known = {event_id: self._audited[event_id] for event_id, _, _ in rows if event_id in self._audited}
        marks = await self._marks_of(connection, known)
        audited = {}
        for event_id, first, last in rows:
            after = self._audited.get(event_id, first - 1)
            if event_id in self._marks and marks.get(event_id) != self._marks[event_id]:
                after = min(after, first - 1)  # a failover lost entries, and other ones replaced them
            audited[event_id] = after
            if last > after:
                self._waiting[event_id] = Window(event_id, after, last)
        self._audited = audited

    async def _marks_of(self, connection: Connection, versions: Mapping[UUID, int]) -> dict[UUID, Mark]:
        """Read the states at versions of events. Versions that the log does not have are left out."""
        rows = await AUDIT.marks({"event_ids": list(versions), "versions": list(versions.values())}).fetch(connection)
        return {event_id: Mark(*entry) for event_id, *entry in rows}

    def _next_windows(self) -> Iterator[Sequence[Window]]:
        """Yield the new entries that fit into this audit, slice by slice."""
        left = self._entries_max
        while self._waiting and left > 0:
            windows, room = [], min(left, self._slice_entries)
            while self._waiting and room > 0:
                window = self._waiting.pop(next(iter(self._waiting)))
                until = min(window.until, window.after + room)
                windows.append(Window(window.event_id, window.after, until))
                room -= until - window.after
                left -= until - window.after
                self._audited[window.event_id] = until
                if until < window.until:
                    self._waiting[window.event_id] = Window(window.event_id, until, window.until)
            yield windows


def _add(found: Rows, more: Rows) -> None:
    for name, rows in more.items():
        known = found.setdefault(name, [])
        known += [row for row in rows if row not in known]
