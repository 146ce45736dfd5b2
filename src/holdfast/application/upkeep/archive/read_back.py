"""Reads archives' files again: to verify them, and to bring their events back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from holdfast.application.upkeep.archive.file_format import Reading
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.ports import TABLES, Entry, OpenFile, Return, Table, Target
from holdfast.application.upkeep.archive.refusals import ArchiveError, FileDamagedError


@dataclass(frozen=True, slots=True)
class Verified:
    """An entry whose file was read."""

    entry: Entry
    problem: str | None
    """Why the event could not be restored from it; None if it can."""


async def verify(books: Return, target: Target, pace: Pace) -> AsyncIterator[Verified]:
    """Read the file of every event that is archived, and yield whether it is what was written.

    Raises:
        OperationalFailure: the database does not answer, or the target as a whole is away.
        StoppedError: the process ends.
    """
    async for entry in books.entries():
        if entry.restored_at is not None:
            continue
        problem = None
        await pace.passed("begun", sum(entry.rows.values()))
        try:
            async with target.opened(entry.file) as file:
                await _checked(entry, file, pace)
        except ArchiveError as error:
            problem = str(error)
        yield Verified(entry, problem)


async def restore_event(books: Return, target: Target, event_id: UUID, pace: Pace) -> Entry:
    """Bring an event back. Its whole file is checked before anything is touched.

    Returns:
        The entry of what was restored.

    Raises:
        NotArchivedError: there is nothing to restore.
        FileMissingError, FileDamagedError: it cannot be restored from its file.
        OperationalFailure: the database or the target is away.
        StoppedError: the process ends.
    """
    entry = await books.entry(event_id)
    await pace.passed("begun", sum(entry.rows.values()))
    async with target.opened(entry.file) as file:
        columns = await _checked(entry, file, pace)
        again = Reading(event_id, entry.version)
        await books.restore(entry, columns, again.rows(file.portions()), pace)
    await pace.passed("committed")
    return entry


async def _checked(entry: Entry, file: OpenFile, pace: Pace) -> "dict[Table, tuple[str, ...]]":
    """Read a file to its end; return the columns of its rows."""
    reading = Reading(entry.event_id, entry.version)
    found: dict[Table, int] = dict.fromkeys(TABLES, 0)
    async for lines in reading.rows(file.portions()):
        found[lines.table] += lines.rows
        await pace.passed("read", lines.rows)
    if found != entry.rows:
        raise FileDamagedError(f"the file {entry.file.name} has other numbers of rows than were recorded")
    return {table: tuple(reading.columns[table]) for table in TABLES}
