"""Persistence of a batch: attempts are repeated within bounds until PostgreSQL has said what became of it."""

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID

import structlog

from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.batching.progress import Progress
from holdfast.application.booking.batching.write import Written, write_batch
from holdfast.application.booking.ports import BatchStore
from holdfast.application.failures import Contended, GuardMismatch, Obstructed, OperationalFailure, Unavailable
from holdfast.domain.booking.commands import Command
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

PAUSE_SECONDS_FIRST = 0.02
PAUSE_SECONDS_MAX = 0.5
OBSTRUCTED_TRIES_MAX = 6
"""How often a batch meets what may last before it is divided: half a second, long enough for what passes soon."""


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
) -> Written | None:
    """Write a batch, submitting the same commands again after operational failures.

    That is safe because every command converges: a wish by its reservation's id and its key, the others by the state of
    their reservation.

    Args:
        store: Where the batch is written.
        event_id: The batch's event.
        commands: The batch, in order.
        bounds: The limits.
        progress: Kept up to date for whoever gives up waiting.
        deadline: On the event loop's clock; no further attempt begins after it.
        wait_seconds: How long somebody else's lock on the event is waited for.
        obstructed_tries_max: How often PostgreSQL may be found obstructed before that is raised.

    Returns:
        What was written; None where somebody else has the event locked.

    Raises:
        Unavailable: when the deadline has passed, or it was given up; `outcome` tells whether a COMMIT is in doubt.
        Obstructed: when it was tried that often.
        GuardMismatch: when the guards failed twice.
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
                overdue_max=bounds.overdue_max,
                progress=progress,
                wait_seconds=wait_seconds,
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
            log.error("guard_mismatch", event_id=str(event_id), error=str(mismatch))  # noqa: TRY400 - no bug of the code here
            if guard_failures == 2:
                raise
        else:
            if written is None and wait_seconds:
                metrics.resubmissions_total.labels("contended").inc()
            return written
        await asyncio.sleep(pause_seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries, guards nothing
        pause_seconds = min(pause_seconds * 2, PAUSE_SECONDS_MAX)
