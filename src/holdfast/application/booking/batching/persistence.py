"""Repeats the attempts to write a batch, within limits, until PostgreSQL has given a definite answer."""

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID

import structlog

from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.batching.progress import Progress
from holdfast.application.booking.batching.write import Written, write_batch
from holdfast.application.booking.ports import BatchStore
from holdfast.application.booking.seatings.seatings import Seatings
from holdfast.application.failures import Contended, GuardMismatch, Obstructed, OperationalFailure, Unavailable
from holdfast.domain.booking.commands import Command
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

PAUSE_SECONDS_FIRST = 0.02
PAUSE_SECONDS_MAX = 0.5
OBSTRUCTED_TRIES_MAX = 6
"""How many obstructed attempts are made before the batch is divided. They take half a second, so that a brief
obstruction does not divide it."""


async def persist(
    store: BatchStore,
    event_id: UUID,
    commands: Sequence[Command],
    *,
    bounds: Bounds,
    progress: Progress,
    deadline: float,
    wait_seconds: float,
    obstructed_tries_max: int = OBSTRUCTED_TRIES_MAX,
    seatings: Seatings | None = None,
) -> Written | None:
    """Write a batch, submitting the same commands again after operational failures.

    Resubmitting is safe because every command converges: a reservation is found again by its id and its key, a change
    of a hold by its id in the log, and what ends a reservation finds it in the state it wanted.

    Args:
        store: Where the batch is written.
        event_id: The batch's event.
        commands: The commands, in order.
        bounds: The limits.
        progress: Kept up to date for the caller that gives up waiting.
        deadline: In seconds of the event loop's clock. No further attempt begins after it.
        wait_seconds: How long to wait while another session has the event locked.
        obstructed_tries_max: How many obstructed attempts to make before raising `Obstructed`.
        seatings: The free seats of events.

    Returns:
        What was written, or None if another session still has the event locked.

    Raises:
        Unavailable: if the deadline has passed or the batch was given up; `outcome` says whether a COMMIT is in doubt.
        Obstructed: after that many obstructed attempts.
        GuardMismatch: if the guards failed twice.
    """
    loop = asyncio.get_running_loop()
    guard_failures = 0
    obstructed_tries = 0
    pause_seconds = PAUSE_SECONDS_FIRST
    while True:
        progress.check()
        try:
            written = await write_batch(
                store,
                event_id,
                commands,
                hold=bounds.hold,
                extensions=bounds.extensions,
                overdue_max=bounds.overdue_max,
                progress=progress,
                wait_seconds=wait_seconds,
                seatings=seatings,
            )
        except OperationalFailure as failure:
            reason = "contended" if isinstance(failure, Contended) else "connection_lost"
            obstructed_tries += isinstance(failure, Obstructed)
            if obstructed_tries == obstructed_tries_max:
                raise
            if loop.time() + pause_seconds > deadline:
                raise Unavailable("The database did not answer in time.", outcome=progress.outcome) from failure
            log.warning("batch_resubmitted", event_id=str(event_id), reason=reason, error=str(failure))
            metrics.resubmissions_total.labels(reason).inc()
        except GuardMismatch as mismatch:
            guard_failures += 1
            metrics.guard_mismatches_total.inc()
            log.error("guard_mismatch", event_id=str(event_id), error=str(mismatch))  # noqa: TRY400 - no bug of this code
            if guard_failures == 2:
                raise
        else:
            if written is None and wait_seconds:
                metrics.resubmissions_total.labels("contended").inc()
            return written
        await asyncio.sleep(pause_seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries, guards nothing
        pause_seconds = min(pause_seconds * 2, PAUSE_SECONDS_MAX)
