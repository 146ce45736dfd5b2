"""Loops that keep running whatever happens in one of their rounds."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from holdfast.application.failures import GuardMismatch, OperationalFailure
from holdfast.telemetry import metrics

log: Any = structlog.get_logger(__name__)

BACK_OFF_SECONDS_MAX = 10.0
"""The longest a loop pauses after failed rounds."""
_MIN_REST_SECONDS = 0.01


async def go_round(
    work: Callable[[], Awaitable[object]],
    *,
    name: str,
    round_seconds: float,
    stop: asyncio.Event | None = None,
    cell: str = "0",
) -> None:
    """Do `work` every `round_seconds`, until told to stop or cancelled.

    A round that fails is logged and counted, and the loop goes on: an unforeseen error in the audit, for example, must
    not end the expiry of holds. After several failures in a row, rounds become less frequent.

    Args:
        work: One round.
        name: What is done, for the log (`<name>_failed`) and the counter.
        round_seconds: The time from the start of one round to the start of the next.
        stop: Ends the loop between two rounds.
        cell: The number of the cell that it is about.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    failed = f"{name}_failed"
    of_cell = {} if cell == "0" else {"cell": cell}
    failures = 0
    last_bug = ""
    while not stop.is_set():
        started = loop.time()
        try:
            await work()
        except (OperationalFailure, GuardMismatch) as failure:
            failures += 1
            metrics.rounds_failed_total.labels(cell, name, "surroundings").inc()
            log.warning(failed, error=str(failure), in_a_row=failures, **of_cell)
        except Exception as bug:
            failures += 1
            metrics.rounds_failed_total.labels(cell, name, "bug").inc()
            if repr(bug) != last_bug:  # log the traceback once, not in every round
                log.exception(failed, in_a_row=failures, **of_cell)
            last_bug = repr(bug)
        else:
            failures, last_bug = 0, ""
        rest = max(round_seconds - (loop.time() - started), _MIN_REST_SECONDS)
        if failures > 1:
            longer = min(round_seconds * 2 ** (min(failures, 10) - 1), BACK_OFF_SECONDS_MAX)
            rest = max(rest, longer * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the rounds
        try:
            async with asyncio.timeout(rest):
                await stop.wait()
        except TimeoutError:
            continue
