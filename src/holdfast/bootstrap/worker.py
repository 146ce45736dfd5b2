"""The composition root of the worker.

It is separate from the API's, so that a worker does not load what it never uses: the API, the documentation pages, and
the Redis client, unless `REHOLD_SECONDS` is set.
"""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog
import uvloop

from holdfast.application.booking.expire import Expirer
from holdfast.application.booking.ports import CommitListener
from holdfast.application.features import Features
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.application.upkeep.archive.ports import Target
from holdfast.bootstrap.archive import CellArchive, archive_after, archive_target, open_cell_archive
from holdfast.bootstrap.process import (
    LAST_SPANS_SECONDS,
    bounds_from,
    end_by_force,
    open_features,
    open_pool,
    reporting,
    set_up_logging,
)
from holdfast.infrastructure.postgres.archive.session import ArchiveSession
from holdfast.infrastructure.postgres.booking.batch_store import PostgresBatchStore
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.upkeep.auditor import PostgresAuditor
from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings
from holdfast.telemetry.exposition import Account, exposition
from holdfast.worker.archive import archive_events
from holdfast.worker.audit import audit_invariants
from holdfast.worker.expire_holds import expire_holds
from holdfast.worker.metrics_server import metrics_server

log = structlog.get_logger(__name__)


def work(settings: Settings) -> None:
    """Run one worker until SIGTERM or SIGINT.

    Raises:
        SettingsError: if events are to be archived, and the place of the files cannot be used.
    """
    set_up_logging(settings)
    archive_to = None if settings.archive_after_days is None else archive_target(settings)
    uvloop.run(_work(settings, archive_to))


async def _work(settings: Settings, archive_to: Target | None) -> None:
    stop = asyncio.Event()
    deadline = Deadline(settings.shutdown_seconds, when_over=end_by_force)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _begin_to_end, stop, deadline)
    async with AsyncExitStack() as stack:
        listeners = _let_go_holds(stack, settings)
        tended = [await _open_tended(stack, settings, cell, listeners) for cell in settings.all_cells()]
        host, port = settings.worker_metrics_host, settings.worker_metrics_port
        # Without a port nobody would see the totals, and no other process would publish them.
        await stack.enter_async_context(reporting(settings, process="worker", deadline=deadline, leads=port > 0))
        if port:
            variables = "WORKER_METRICS_HOST and WORKER_METRICS_PORT"
            await stack.enter_async_context(metrics_server(host, port, Account(exposition).give, variables=variables))
        cutting = asyncio.create_task(_cut_in_time(stop, deadline, [cut for one in tended for cut in one.to_cut]))
        stack.callback(cutting.cancel)
        log.info("worker_started")
        async with asyncio.TaskGroup() as tasks:
            for one in tended:
                tasks.create_task(expire_holds(one.expirer, stop=stop, cell=one.cell.label))
                tasks.create_task(audit_invariants(one.auditor, stop=stop, cell=one.cell.label))
                if one.archive is not None and archive_to is not None:
                    tasks.create_task(_archive_events(settings, one.archive, archive_to, one.features, stop))
    log.info("worker_stopped")


@dataclass(frozen=True, slots=True)
class _Tended:
    """What looks after one cell. It shares no connection, so a cell that hangs delays no round of another."""

    cell: Cell
    to_cut: Sequence[Pool | ArchiveSession]
    """What it waits for."""
    features: Features
    expirer: Expirer
    auditor: PostgresAuditor
    archive: CellArchive | None


async def _open_tended(
    stack: AsyncExitStack, settings: Settings, cell: Cell, listeners: Sequence[CommitListener]
) -> _Tended:
    timeouts = Timeouts()
    write_pool = await open_pool(stack, cell, "worker-write", 1, timeouts)
    read_pool = await open_pool(stack, cell, "worker-read", 1, timeouts)
    features = open_features(stack, cell, read_pool)
    expirer = Expirer(PostgresBatchStore(write_pool, read_pool), bounds_from(settings), listeners=listeners)
    to_cut: list[Pool | ArchiveSession] = [write_pool, read_pool]
    archive = None
    if settings.archive_after_days is not None:
        archive = await stack.enter_async_context(open_cell_archive(settings, cell))
        to_cut.append(archive.session)
    return _Tended(cell, to_cut, features, expirer, PostgresAuditor(cell), archive)


async def _archive_events(
    settings: Settings, archive: CellArchive, target: Target, features: Features, stop: asyncio.Event
) -> None:
    await archive_events(
        archive.removal,
        target,
        archive_after(settings),
        enabled=lambda: features.enabled("archive"),
        stop=stop,
    )


def _let_go_holds(stack: AsyncExitStack, settings: Settings) -> list[CommitListener]:
    """Have expired holds counted against their buyers, if there is a limit to letting holds go."""
    if settings.redis_url is None or not settings.rehold_seconds:
        return []
    from holdfast.application.booking.hoarding import LetGoHolds  # noqa: PLC0415 - loads the Redis client
    from holdfast.bootstrap.hoarding import open_worker_limits  # noqa: PLC0415

    return [LetGoHolds(open_worker_limits(stack, settings, settings.redis_url.get_secret_value()))]


def _begin_to_end(stop: asyncio.Event, deadline: Deadline) -> None:
    deadline.begin()
    stop.set()


async def _cut_in_time(stop: asyncio.Event, deadline: Deadline, to_cut: Sequence[Pool | ArchiveSession]) -> None:
    """Cut what the worker is waiting for when its time is nearly over. Nothing is cancelled, so a COMMIT goes on."""
    await stop.wait()
    await asyncio.sleep(deadline.left(for_others=LAST_SPANS_SECONDS + 0.5))
    for one in to_cut:
        await one.close()
