"""Archives finished events, every few seconds looking for those that are due."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import structlog

from holdfast.application.upkeep.archive.archive_due import Tried, archive_due, measure_overdue
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.ports import Removal, Target
from holdfast.application.upkeep.archive.refusals import StoppedError
from holdfast.application.upkeep.rounds import go_round
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

ROUND_SECONDS = 10.0


async def archive_events(
    removal: Removal,
    target: Target,
    after: timedelta,
    *,
    enabled: Callable[[], bool],
    stop: asyncio.Event,
    round_seconds: float = ROUND_SECONDS,
) -> None:
    """Archive what is due until told to stop. If there are several workers, one of them archives.

    Args:
        removal: The rows.
        target: The place of the files.
        after: How long after its end an event is due.
        enabled: Whether every node knows what an archived event is.
        stop: Ends it, also in the middle of an event.
        round_seconds: How often to look.
    """
    pace = Pace(stop=stop)
    problems: set[str] = set()
    """Those of the last round. They are not logged again in each."""
    put_off: set[UUID] = set()
    metrics.begin_archiving_with_zero(removal.cell)

    async def archive_round() -> None:
        if not enabled() or not await removal.lead():
            await measure_overdue(removal, after)
            return
        found: set[str] = set()
        try:
            async for tried in archive_due(removal, target, after, pace, put_off=put_off):
                if tried.problem is None or tried.problem not in problems:
                    _report(removal.cell, tried)
                found.update([] if tried.problem is None else [tried.problem])
        except StoppedError:
            return
        problems.clear()
        problems.update(found)

    await go_round(archive_round, name="archive", round_seconds=round_seconds, stop=stop, cell=removal.cell)


def _report(cell: str, tried: Tried) -> None:
    told = {"event_id": str(tried.event.event_id), **({} if cell == "0" else {"cell": cell})}
    if tried.problem is not None:
        log.error("event_cannot_be_archived", **told, error=tried.problem)
    elif tried.archived is None:
        log.info("event_changed_while_archived", **told)
    else:
        file = tried.archived.file
        log.info(
            "event_archived", **told, file=file.name, size_bytes=file.size_bytes, rows=dict(tried.archived.export.rows)
        )
