"""Changes of events and charts: one transaction each, repeated until PostgreSQL has said what became of it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog

from holdfast.application.failures import ClientOutcome, OperationalFailure, Unavailable
from holdfast.application.ports import CatalogueStore, CatalogueTransaction
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

_under_way: set["asyncio.Task[Any]"] = set()

ATTEMPTS_MAX = 5
PAUSE_SECONDS = 0.1


async def change_catalogue(
    store: CatalogueStore,
    change: Callable[[CatalogueTransaction], Awaitable[Result]],
    *,
    bulk: bool = False,
) -> Result:
    """Run `change` in a transaction and commit it; again after an operational failure.

    It goes on when the caller is cancelled: a COMMIT under way is never broken off.

    Args:
        store: Where events are kept.
        change: What to do. It must converge: run again after a commit whose answer was lost, it finds its own work.
        bulk: It may take long.

    Raises:
        Refusal: whatever `change` raises; rolled back.
        Unavailable: after `ATTEMPTS_MAX` attempts; `outcome` tells whether a COMMIT is in doubt.
    """
    task = asyncio.create_task(_change(store, change, bulk=bulk))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return await asyncio.shield(task)


async def _change(
    store: CatalogueStore, change: Callable[[CatalogueTransaction], Awaitable[Result]], *, bulk: bool
) -> Result:
    commit_sent = False
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            async with store.transaction(bulk=bulk) as transaction:
                result = await change(transaction)
                commit_sent = True
                await transaction.commit()
                return result
        except OperationalFailure as failure:
            if attempt == ATTEMPTS_MAX:
                outcome: ClientOutcome = "unknown" if commit_sent else "none"
                if commit_sent:
                    metrics.unknown_outcomes_total.inc()
                raise Unavailable("The database did not answer in time.", outcome=outcome) from failure
            log.warning("catalogue_change_resubmitted", error=str(failure))
            metrics.resubmissions_total.labels("catalogue").inc()
        await asyncio.sleep(PAUSE_SECONDS * attempt * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries
    raise AssertionError
