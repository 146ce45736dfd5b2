"""Archives all events that are due, one after another."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from holdfast.application.failures import OperationalFailure
from holdfast.application.upkeep.archive.archive_event import Archived, archive_event
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.ports import DueEvent, Removal, Target
from holdfast.application.upkeep.archive.refusals import ArchiveError, StoppedError, TargetAwayError
from holdfast.telemetry import metrics


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of an event that was due."""

    event: DueEvent
    archived: Archived | None
    """None if it was left for later."""
    problem: str | None = None
    """Why it cannot be archived."""


async def archive_due(
    removal: Removal, target: Target, after: timedelta, pace: Pace, *, put_off: set[UUID]
) -> AsyncIterator[Tried]:
    """Archive what is due, from the event that finished first on; yield what became of each.

    An event that cannot be archived does not keep the others waiting, also if that shows as a failure of the database
    or the target: a damaged page with its reservations, or a disk that has no room for its file, would otherwise end
    every round at this event.

    Args:
        removal: The rows.
        target: The place of the files.
        after: How long after its end an event is due.
        pace: Rests in between.
        put_off: Events at which earlier rounds have failed. They are left out until a round gets to the end.

    Raises:
        OperationalFailure: the database or the target is away.
        StoppedError: the process ends.
    """
    last: DueEvent | None = None
    while True:
        events = await removal.due_events(after, following=last)
        if last is None:
            metrics.archive_overdue_seconds.labels(removal.cell).set(_oldest(events))
        if not events:
            put_off.clear()
            return
        for event in events:
            last = event
            if event.pending or event.event_id in put_off:
                continue
            if not put_off:
                metrics.archive_overdue_seconds.labels(removal.cell).set(event.due_seconds)
            try:
                tried = await _tried(removal, target, event, pace)
            except StoppedError:
                raise
            except Exception:
                put_off.add(event.event_id)
                raise
            yield tried


async def _tried(removal: Removal, target: Target, event: DueEvent, pace: Pace) -> Tried:
    try:
        archived = await archive_event(removal, target, event.event_id, pace)
    except ArchiveError as error:
        metrics.archive_failures_total.labels(removal.cell, "event").inc()
        return Tried(event, None, str(error))
    except OperationalFailure as failure:
        cause = "target" if isinstance(failure, TargetAwayError) else "database"
        metrics.archive_failures_total.labels(removal.cell, cause).inc()
        raise
    if archived is not None:
        _count(removal.cell, archived)
    return Tried(event, archived)


async def measure_overdue(removal: Removal, after: timedelta) -> None:
    """Export how long the next event has been due, without archiving anything.

    Processes that do not archive do so too: if the one that should archive hangs, or none may yet, somebody has to tell
    of it.

    Raises:
        OperationalFailure: the database is away.
    """
    events = await removal.due_events(after, following=None)
    metrics.archive_overdue_seconds.labels(removal.cell).set(_oldest(events))


def _count(cell: str, archived: Archived) -> None:
    metrics.archived_events_total.labels(cell).inc()
    metrics.archived_bytes_total.labels(cell).inc(archived.file.size_bytes)
    for table, rows in archived.export.rows.items():
        metrics.archived_rows_total.labels(cell, table).inc(rows)


def _oldest(events: Sequence[DueEvent]) -> float:
    return max((event.due_seconds for event in events if not event.pending), default=0.0)
