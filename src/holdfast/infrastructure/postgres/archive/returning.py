"""Reads the entries of archives' files, and brings rows back."""

from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID

import asyncpg

from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.ports import TABLES, Entry, Lines, StoredFile, Table
from holdfast.application.upkeep.archive.refusals import FileDamagedError, NotArchivedError
from holdfast.infrastructure.postgres.archive.archive_queries import ARCHIVE
from holdfast.infrastructure.postgres.archive.columns import as_objects, require_known
from holdfast.infrastructure.postgres.archive.session import ArchiveSession, locked
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated

ENTRIES_MAX = 1_000
_RESTORE = {
    "claims": ARCHIVE.restore_claims,
    "reservations": ARCHIVE.restore_reservations,
    "changes": ARCHIVE.restore_changes,
}


class PostgresReturn:
    """`application.upkeep.archive.ports.Return`."""

    def __init__(self, session: ArchiveSession) -> None:
        self._session = session

    async def entry(self, event_id: UUID) -> Entry:
        """Read the entry of an event."""
        return await _entry(await self._session.connection(), event_id)

    async def entries(self) -> AsyncIterator[Entry]:
        """Read all entries."""
        last = UUID(int=0)
        while True:
            connection = await self._session.connection()
            with translated(connection.cell):
                rows = await ARCHIVE.entries_after({"after_event_id": last, "rows_max": ENTRIES_MAX}).fetch(connection)
            for row in rows:
                yield _entry_of(row)
            if len(rows) < ENTRIES_MAX:
                return
            last = rows[-1]["event_id"]

    async def restore(
        self, entry: Entry, columns: Mapping[Table, Sequence[str]], lines: AsyncIterator[Lines], pace: Pace
    ) -> None:
        """Bring the rows back and commit."""
        require_known(columns)
        connection = await self._session.connection()
        async with locked(connection, entry.event_id):
            await _require_same(connection, entry)
            await pace.passed("locked")
            await _bring_back(connection, entry, columns, lines, pace)
            with translated(connection.cell):
                await ARCHIVE.mark_restored({"event_id": entry.event_id}).execute(connection)
            await pace.passed("marked")


async def _require_same(connection: WatchedConnection, entry: Entry) -> None:
    if await _entry(connection, entry.event_id) != entry:
        raise NotArchivedError(entry.event_id, "has been restored and archived again meanwhile")


async def _bring_back(
    connection: WatchedConnection,
    entry: Entry,
    columns: Mapping[Table, Sequence[str]],
    lines: AsyncIterator[Lines],
    pace: Pace,
) -> None:
    found: dict[Table, int] = dict.fromkeys(TABLES, 0)
    async for some in lines:
        rows = as_objects(some, columns[some.table])
        with translated(connection.cell):
            await _RESTORE[some.table]({"rows": rows}).execute(connection)
        found[some.table] += some.rows
        await pace.passed("restored", some.rows)
    if found != entry.rows:
        raise FileDamagedError(f"the file {entry.file.name} has other numbers of rows than were recorded")


async def _entry(connection: WatchedConnection, event_id: UUID) -> Entry:
    with translated(connection.cell):
        row = await ARCHIVE.entry_of_event({"event_id": event_id}).fetchrow(connection)
    if row is None:
        raise NotArchivedError(event_id, "is no event", is_event=False)
    if not row["archived"]:
        restored_at = row["restored_at"]
        when = "" if restored_at is None else f": it was restored at {restored_at:%Y-%m-%d %H:%M} UTC"
        raise NotArchivedError(event_id, f"is not archived{when}")
    if row["file"] is None or row["version"] != row["event_version"]:
        raise NotArchivedError(event_id, "is archived, but there is no entry of its file: run `holdfast check`")
    return _entry_of(row)


def _entry_of(row: asyncpg.Record) -> Entry:
    return Entry(
        event_id=row["event_id"],
        file=StoredFile(row["file"], row["sha256"], row["bytes"]),
        format=row["format"],
        version=row["version"],
        rows={"claims": row["claims"], "reservations": row["reservations"], "changes": row["changes"]},
        archived_at=row["archived_at"],
        restored_at=row["restored_at"],
    )
