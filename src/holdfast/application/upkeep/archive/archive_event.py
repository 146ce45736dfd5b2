"""Archives one event: exports it to a file, has the file stored and read back, and only then removes its rows."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from holdfast.application.upkeep.archive.file_format import FORMAT, header_line, last_line
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.ports import TABLES, Export, Removal, StoredFile, Table, Target
from holdfast.application.upkeep.archive.refusals import ChangedError, RowsDisagreeError


@dataclass(frozen=True, slots=True)
class Archived:
    """An event that has just been archived."""

    export: Export
    file: StoredFile


async def archive_event(removal: Removal, target: Target, event_id: UUID, pace: Pace) -> Archived | None:
    """Archive an event. It may be interrupted at any point: what is repeated gives the same file.

    The rows are read without a lock and not in one snapshot, which would keep vacuum from removing dead rows for as
    long as the export takes. Every change of an event raises its version, and so do those that come from a failover: if
    the event's row is the same under its lock, then no row has changed since it was read.

    Returns:
        What was archived; None if the event has changed meanwhile, and is left for the next round.

    Raises:
        RowsDisagreeError: its rows are not those that its counters tell of. Nothing is removed.
        OperationalFailure: the database or the target is away.
        StoppedError: the process ends.
    """
    try:
        export = await removal.begin(event_id)
        await pace.passed("begun", sum(export.rows.values()))
        file = await _written(removal, target, export, pace)
        await pace.passed("stored")
        await removal.remove(export, file, FORMAT, pace)
    except ChangedError:
        return None
    await pace.passed("committed")
    return Archived(export, file)


async def _written(removal: Removal, target: Target, export: Export, pace: Pace) -> StoredFile:
    found: dict[Table, int] = dict.fromkeys(TABLES, 0)
    async with target.draft() as draft:
        header = header_line(export)
        digest = hashlib.sha256(header)
        await draft.write(header)
        async for lines in removal.lines(export):
            if lines.rows:
                text = lines.text + b"\n"
                digest.update(text)
                await draft.write(text)
                found[lines.table] += lines.rows
            await pace.passed("exported", lines.rows)
        if found != export.rows:
            if not await removal.is_unchanged(export):
                raise ChangedError
            raise RowsDisagreeError(
                f"{export.event_id} has other rows than its counters say ({_told(found)} instead of "
                f"{_told(export.rows)}), so it is not archived: run `holdfast check`"
            )
        await draft.write(last_line(digest.digest()))
        return await pace.unless_stopped(draft.keep(str(export.event_id)))


def _told(rows: Mapping[Table, int]) -> str:
    return ", ".join(f"{number} {table}" for table, number in rows.items())
