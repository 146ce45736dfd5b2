"""Reads the rows of finished events, and removes them once they are in a file."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from holdfast.application.failures import ConnectionLost
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.ports import TABLES, DueEvent, Export, Lines, StoredFile, Table
from holdfast.application.upkeep.archive.refusals import ChangedError, RowsDisagreeError
from holdfast.infrastructure.postgres.archive.archive_queries import ARCHIVE
from holdfast.infrastructure.postgres.archive.columns import COLUMNS
from holdfast.infrastructure.postgres.archive.portions import ROWS_MAX, portions, to_read, to_remove
from holdfast.infrastructure.postgres.archive.session import ArchiveSession, locked
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated

EVENTS_MAX = 100
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class PostgresRemoval:
    """`application.upkeep.archive.ports.Removal`."""

    def __init__(self, session: ArchiveSession, *, rows_max: int = ROWS_MAX) -> None:
        self._session = session
        self.cell = session.cell
        self._rows_max = rows_max
        self._read_on: WatchedConnection | None = None
        """The connection on which the export was begun."""

    async def lead(self) -> bool:
        """Return whether this process archives."""
        return await self._session.lead()

    async def due_events(self, after: timedelta, *, following: DueEvent | None) -> Sequence[DueEvent]:
        """Read the next due events."""
        connection = await self._session.connection()
        with translated(connection.cell):
            rows = await ARCHIVE.due_events(
                {
                    "after": after,
                    "after_finished_at": _LONG_AGO if following is None else following.finished_at,
                    "after_event_id": UUID(int=0) if following is None else following.event_id,
                    "events_max": EVENTS_MAX,
                }
            ).fetch(connection)
        return [DueEvent(*row) for row in rows]

    async def begin(self, event_id: UUID) -> Export:
        """Read the event and count its rows."""
        connection = self._read_on = await self._session.connection()
        with translated(connection.cell):
            event = await ARCHIVE.event_to_archive({"event_id": event_id}).fetchrow(connection)
            counts = await ARCHIVE.count_rows({"event_id": event_id}).fetchrow(connection)
        assert counts is not None
        if event is None or event["archived_at"] is not None or event["held"] or counts["version"] != event["version"]:
            raise ChangedError
        rows: dict[Table, int] = {
            "claims": event["confirmed"],
            "reservations": counts["reservations"],
            "changes": event["version"],
        }
        if counts["changes"] != event["version"]:
            raise RowsDisagreeError(
                f"{event_id} is at version {event['version']} and has {counts['changes']} log entries, so it is not "
                "archived: run `holdfast check`"
            )
        if counts["reservations"] != counts["reserved"]:  # no counter tells of those that were cancelled or expired
            raise RowsDisagreeError(
                f"{event_id} has {counts['reservations']} reservations and a log that tells of {counts['reserved']}, "
                "so it is not archived: run `holdfast check`"
            )
        return Export(event_id, event["event_row"], event["version"], event["schema"], COLUMNS, rows)

    async def lines(self, export: Export) -> AsyncIterator[Lines]:
        """Read all rows."""
        connection = await self._same_connection()
        for series in to_read(export.event_id, self._rows_max):
            async for row in portions(connection, series):
                yield Lines(series[0], row["lines"] or b"", row["rows"])

    async def is_unchanged(self, export: Export) -> bool:
        """Compare the event's row."""
        connection = await self._same_connection()
        with translated(connection.cell):
            event = await ARCHIVE.event_to_archive({"event_id": export.event_id}).fetchrow(connection)
        return _as_exported(event, export)

    async def remove(self, export: Export, file: StoredFile, file_format: str, pace: Pace) -> None:
        """Record the file, remove the rows and commit."""
        connection = await self._same_connection()
        async with locked(connection, export.event_id):
            if not await self.is_unchanged(export):
                raise ChangedError
            await pace.passed("locked")
            with translated(connection.cell):
                await ARCHIVE.record_archive(
                    {
                        "event_id": export.event_id,
                        "file": file.name,
                        "format": file_format,
                        "sha256": file.sha256,
                        "size_bytes": file.size_bytes,
                        "version": export.version,
                        "claims": export.rows["claims"],
                        "reservations": export.rows["reservations"],
                        "changes": export.rows["changes"],
                    }
                ).execute(connection)
            await pace.passed("recorded")
            await self._remove_rows(connection, export, pace)
            with translated(connection.cell):
                await ARCHIVE.mark_archived({"event_id": export.event_id}).execute(connection)
            await pace.passed("marked")

    async def _same_connection(self) -> WatchedConnection:
        """Return the connection on which the export was begun.

        On another one there may be another server: after a failover, an event can have other rows at the same version.
        """
        connection = await self._session.connection()
        if connection is not self._read_on:
            raise ConnectionLost("the connection was lost between reading the rows and removing them")
        return connection

    async def _remove_rows(self, connection: WatchedConnection, export: Export, pace: Pace) -> None:
        removed: dict[Table, int] = dict.fromkeys(TABLES, 0)
        for series in to_remove(export.event_id, self._rows_max):
            async for row in portions(connection, series):
                removed[series[0]] += row["rows"]
                await pace.passed("removed", row["rows"])
        if removed != export.rows:
            raise RowsDisagreeError(
                f"{export.event_id} has other rows than those in its file, so they stay: run `holdfast check`"
            )


def _as_exported(event: asyncpg.Record | None, export: Export) -> bool:
    return event is not None and event["archived_at"] is None and bool(event["event_row"] == export.event_row)
