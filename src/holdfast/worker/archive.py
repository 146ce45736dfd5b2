"""Archives finished events, once a minute looking for those that are due."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from holdfast.application.upkeep.archive.archive_due import archive_due
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.ports import Removal, Target
from holdfast.application.upkeep.archive.refusals import StoppedError
from holdfast.application.upkeep.rounds import go_round
from holdfast.telemetry import metrics

ROUND_SECONDS = 60.0


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
    metrics.begin_archiving_with_zero(removal.cell)

    async def archive_round() -> None:
        if not enabled():
            return
        if not await removal.lead():
            metrics.archive_overdue_seconds.labels(removal.cell).set(0)  # the worker that leads exports it
            return
        try:
            async for _ in archive_due(removal, target, after, pace):
                pass
        except StoppedError:
            return

    await go_round(archive_round, name="archive", round_seconds=round_seconds, stop=stop, cell=removal.cell)
