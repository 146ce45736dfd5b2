"""What every long-running process of ours has: limits, pools, logging and reporting."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import structlog

from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.features import Features
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.application.upkeep.learn_features import keep_learning
from holdfast.application.upkeep.publish_totals import publish_totals
from holdfast.domain.booking.changing import Extensions
from holdfast.infrastructure.postgres.cells.register import own_number_on
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.known_schema import session_name
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.upkeep.totals import PostgresTotals
from holdfast.infrastructure.postgres.upkeep.upgrades import PostgresUpgrades
from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings
from holdfast.telemetry import lines, metrics, tracing
from holdfast.telemetry.logging import configure_logging
from holdfast.telemetry.sampling import watch_pool, watch_process

log = structlog.get_logger(__name__)

LAST_SPANS_SECONDS = 1.0
"""How long a process waits at its end for the receiver of its traces."""


def bounds_from(settings: Settings) -> Bounds:
    """Take the batcher's limits from the settings."""
    return Bounds(
        hold=timedelta(seconds=settings.hold_seconds),
        extensions=extensions_from(settings),
        commands_max=settings.batch_commands_max,
        seats_max=settings.batch_seats_max,
        events_max=settings.batch_events_max,
        event_queue_max=settings.event_queue_max,
        process_queue_max=settings.process_queue_max,
        queue_seconds_max=settings.queue_wait_seconds_max,
        batch_seconds_max=settings.batch_seconds_max,
        batches_at_once=settings.write_pool_size,
    )


def extensions_from(settings: Settings) -> Extensions:
    """Take from the settings how far holds can be extended."""
    total_max_seconds = settings.hold_seconds_total_max or 3 * settings.hold_seconds
    return Extensions(count_max=settings.hold_extensions_max, total_max=timedelta(seconds=total_max_seconds))


def database_url_of(settings: Settings) -> str:
    """Return PostgreSQL's URL. The settings always have one here: a command that needs none does not call this."""
    assert settings.database_url is not None, "the commands make sure of a database"
    return settings.database_url.get_secret_value()


def home_cell(settings: Settings) -> Cell:
    """Return cell 0, which also has what belongs to no event: organisers, members, keys, accounts, sessions."""
    return settings.all_cells()[0]


async def open_pool(stack: AsyncExitStack, cell: Cell, name: str, size: int, timeouts: Timeouts) -> Pool:
    """Open a pool of connections to a cell until the stack closes, and export how many of them are in use."""
    pool = Pool(cell, size=size, application_name=session_name(name), timeouts=timeouts)
    stack.push_async_callback(pool.close)
    stack.callback(watch_pool(name.rpartition("-")[2], size=size, busy=lambda: pool.busy, cell=cell.label))
    return pool


def open_features(stack: AsyncExitStack, cell: Cell, pool: Pool) -> Features:
    """Keep learning, until the stack closes, which features may be used since the last finished upgrade of a cell."""
    features = Features()
    task = asyncio.create_task(keep_learning(features, PostgresUpgrades(pool, own_number_on), cell=cell.label))
    stack.callback(task.cancel)
    return features


@asynccontextmanager
async def reporting(settings: Settings, *, process: str, deadline: Deadline, leads: bool = True) -> AsyncIterator[None]:
    """Report on this process, and on each cell that it leads: traces, totals and gauges.

    Args:
        settings: The settings.
        process: What kind of process it is, for the names of its sessions.
        deadline: When it has to have ended.
        leads: Whether it may lead.
    """
    tracing.start()
    tasks = [asyncio.create_task(watch_process())]
    if leads:
        name = session_name(f"{process}-totals")
        for cell in settings.all_cells():
            metrics.begin_with_zero(cell.label)
            totals = PostgresTotals(cell, Timeouts(), application_name=name)
            tasks.append(asyncio.create_task(publish_totals(totals, cell=cell.label)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # A daemon thread, so that a receiver that does not answer cannot keep the process alive.
        sending = threading.Thread(target=tracing.stop, daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, min(LAST_SPANS_SECONDS, deadline.left()))


def set_up_logging(settings: Settings) -> None:
    """Configure logging according to the settings, with all secrets redacted."""
    key = None if settings.log_caller_key is None else settings.log_caller_key.get_secret_value()
    configure_logging(settings.app_env, settings.log_level, secrets=settings.secrets(), caller_key=key)


def end_by_force() -> None:
    """End a process whose time is over. To PostgreSQL, it looks like a crash."""
    log.error("shutdown_took_too_long")
    lines.sink().flush(0.1)
    os._exit(1)
