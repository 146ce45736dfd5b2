"""What `holdfast archive` does and prints. Each returns whether all went well."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import UUID

from holdfast.application.failures import Contended, OperationalFailure
from holdfast.application.upkeep.archive import read_back
from holdfast.application.upkeep.archive.archive_due import Tried, archive_due
from holdfast.application.upkeep.archive.ports import TABLES, Entry, Target
from holdfast.application.upkeep.archive.refusals import ArchiveError, NotArchivedError, TargetAwayError
from holdfast.bootstrap.archive import CellArchive, archive_after, archive_target, open_cell_archive
from holdfast.cli.archive.progress import ShownPace, shown_pace
from holdfast.cli.console import print_rows, say, shown_time, tell
from holdfast.cli.database import require_database
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.settings import Settings

PACED_SHARE = 0.5
PUT_OFF_MAX = 3
"""At more events than that, it is the database that fails."""


def run(settings: Settings, *, fast: bool = False) -> bool:
    """Archive what is due in every cell; print what became of each event.

    The database may fail at a few events without keeping the others from it.

    Raises:
        SettingsError, EmbeddedError: It failed as a whole; the message is one line.
    """
    after, target = archive_after(settings), archive_target(settings)
    due = 0

    async def of_cell(archive: CellArchive, pace: ShownPace) -> bool:
        await _require_feature(archive)
        if not await archive.removal.lead():
            raise EmbeddedError(
                "another process is archiving: a worker with ARCHIVE_AFTER_DAYS, or another `holdfast archive run`"
            )
        nonlocal due
        sound, put_off = True, set[UUID]()
        while True:
            known = len(put_off)
            try:
                async for tried in archive_due(archive.removal, target, after, pace, put_off=put_off):
                    due += 1
                    sound = _told(tried) and sound
            except Contended as failure:
                if not known < len(put_off) <= PUT_OFF_MAX:
                    raise
                tell(f"an event is left out: {' '.join(str(failure).split())}")
                sound = False
            else:
                return sound

    with shown_pace("Archiving", share=1.0 if fast else PACED_SHARE) as pace:
        sound = _in_every_cell(settings, lambda archive: of_cell(archive, pace))
    if sound and not due:
        say("nothing is due")
    return sound


def _told(tried: Tried) -> bool:
    event_id = str(tried.event.event_id)
    if tried.problem is not None:
        tell(tried.problem)
        return False
    if tried.archived is None:
        say(f"{event_id}\thas changed meanwhile, and is left for the next time")
        return True
    rows, file = tried.archived.export.rows, tried.archived.file
    say(f"{event_id}\t{rows['reservations']} reservations\t{file.size_bytes} bytes\t{file.name}")
    return True


def list_archives(settings: Settings) -> bool:
    """Print the entries of all cells, the last one archived at the end.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """
    found: list[Entry] = []

    async def of_cell(archive: CellArchive) -> bool:
        found.extend([entry async for entry in archive.books.entries()])
        return True

    whole = _in_every_cell(settings, of_cell)
    found.sort(key=lambda entry: entry.archived_at)
    print_rows(
        ("event", "archived", "restored", *TABLES, "bytes", "file"),
        [
            (
                *(str(entry.event_id), shown_time(entry.archived_at), shown_time(entry.restored_at)),
                *(str(entry.rows[table]) for table in TABLES),
                *(str(entry.file.size_bytes), entry.file.name),
            )
            for entry in found
        ],
    )
    return whole


def verify(settings: Settings) -> bool:
    """Read every file, and print which cannot be restored from, and how many files are not needed.

    Raises:
        SettingsError, EmbeddedError: It failed as a whole; the message is one line.
    """
    target = archive_target(settings)
    read = 0

    async def of_cell(archive: CellArchive, pace: ShownPace) -> bool:
        nonlocal read
        sound = True
        pace.expect(len([entry async for entry in _in_files(archive)]))
        async for verified in read_back.verify(archive.books, target, pace):
            read += 1
            if verified.problem is not None:
                sound = False
                tell(f"{verified.entry.event_id}: {verified.problem}")
        return sound

    with shown_pace("Verifying", passes=1) as pace:
        sound = _in_every_cell(settings, lambda archive: of_cell(archive, pace))
    _tell_of_unneeded_files(settings, target)
    say(f"{read} files read: {'all are what was written' if sound else 'see above'}")
    return sound


def _tell_of_unneeded_files(settings: Settings, target: Target) -> None:
    """Tell of them, unless a cell is left out, whose files might be taken for such ones and be deleted."""
    needed: set[str] = set()
    there: set[str] = set()

    async def of_cell(archive: CellArchive) -> bool:
        needed.update([entry.file.name async for entry in _in_files(archive)])
        there.update(await target.names())
        return True

    if _in_every_cell(settings, of_cell) and there - needed:
        say(
            f"{len(there - needed)} more files there belong to no archived event: to restored ones, or to interrupted "
            "attempts"
        )


def restore(settings: Settings, event_ids: Sequence[UUID], *, every: bool = False) -> bool:
    """Bring events back, and print what came back.

    Raises:
        SettingsError, EmbeddedError: It failed as a whole; the message is one line.
    """
    if every == bool(event_ids):
        raise EmbeddedError("name the events to restore, or give --all")
    target = archive_target(settings)
    problems: dict[UUID, str] = {}
    restored: set[UUID] = set()
    unknown: set[UUID] = set()

    async def of_cell(archive: CellArchive, pace: ShownPace) -> bool:
        wanted = event_ids or [entry.event_id async for entry in _in_files(archive)]
        pace.expect(0 if event_ids else len(wanted))
        for event_id in wanted:
            try:
                entry = await read_back.restore_event(archive.books, target, event_id, pace)
            except NotArchivedError as error:
                if error.is_event:
                    problems[event_id] = str(error)
                else:
                    unknown.add(event_id)
            except ArchiveError as error:
                problems[event_id] = f"{event_id} is not restored: {error}"
            else:
                restored.add(event_id)
                say(f"{event_id}\trestored: {', '.join(f'{entry.rows[table]} {table}' for table in TABLES)}")
        return True

    with shown_pace("Restoring") as pace:
        whole = _in_every_cell(settings, lambda archive: of_cell(archive, pace))
    where = "" if whole else " of the cells that answer"
    left = {event_id: f"{event_id} is no event{where}" for event_id in unknown} | problems
    for event_id in restored:
        left.pop(event_id, None)
    for problem in left.values():
        tell(problem)
    return not left and (whole or bool(event_ids))


async def _in_files(archive: CellArchive) -> AsyncIterator[Entry]:
    """Yield the entries of the events whose rows are in files."""
    async for entry in archive.books.entries():
        if entry.restored_at is None:
            yield entry


def _in_every_cell(settings: Settings, work: Callable[[CellArchive], Awaitable[bool]]) -> bool:
    """Do it in one cell after the other, and return whether all went well in each.

    A cell that is away, or in which another process archives, does not keep the others from it.

    Raises:
        EmbeddedError: It failed in the only database, or the files' place is away; the message is one line.
    """
    cells = require_database(settings).all_cells()

    async def run_all() -> bool:
        sound = True
        for cell in cells:
            try:
                async with open_cell_archive(settings, cell) as archive:
                    sound = await work(archive) and sound
            except (OperationalFailure, EmbeddedError) as failure:
                if len(cells) == 1 or isinstance(failure, TargetAwayError):
                    raise
                tell(f"cell {cell.number} is left out: {' '.join(str(failure).split())}")
                sound = False
        return sound

    try:
        return asyncio.run(run_all())
    except TargetAwayError as failure:
        raise EmbeddedError(" ".join(str(failure).split())) from failure
    except OperationalFailure as failure:
        whose = f" as {settings.archive_db_user} (ARCHIVE_DB_USER)" if settings.archive_db_user else ""
        reason = " ".join(str(failure).split())
        raise EmbeddedError(f"the database cannot be used{whose}: {reason}") from failure


async def _require_feature(archive: CellArchive) -> None:
    if not await archive.session.may_archive():
        raise EmbeddedError("the upgrade is not finished: `holdfast migrate finish` once no older node is left")
