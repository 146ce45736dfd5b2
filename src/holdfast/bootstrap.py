"""The composition root: settings become pools, the gate, the desk, and from those the API.

That of the worker is `worker_process`; what both begin with is in `process`.
"""

import asyncio
import gc
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import uvloop
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from holdfast.api.app import build_app
from holdfast.api.bodies import event_list
from holdfast.api.endpoint import PROBES
from holdfast.api.paths import PathTable
from holdfast.api.seat_json import seat_tail
from holdfast.application.batching.batcher import Batcher
from holdfast.application.batching.bounds import LOCK_WAITS_AT_ONCE
from holdfast.application.bulk_line import BulkLine
from holdfast.application.catalogue import Catalogue
from holdfast.application.desk import Desk
from holdfast.application.expire import expire_overdue
from holdfast.application.owners import Owners
from holdfast.application.readiness import Draining, Look, Readiness
from holdfast.application.reading.event_pages import EventPages
from holdfast.application.reading.kept_charts import KeptCharts
from holdfast.application.reading.large_lists import LargeLists
from holdfast.application.reading.live_changes import LiveChanges
from holdfast.application.reading.seat_maps import PAUSE_SECONDS, SeatMaps
from holdfast.application.sample_event import add_sample_event
from holdfast.application.shared_read import SharedRead
from holdfast.application.shutdown import Deadline
from holdfast.application.taken_seats import TakenSeats
from holdfast.http.server import NodeServer
from holdfast.http.turns import Turns
from holdfast.http.watch import raise_files_max
from holdfast.infrastructure.postgres import invariants
from holdfast.infrastructure.postgres.batch_store import PostgresBatchStore
from holdfast.infrastructure.postgres.catalogue_store import PostgresCatalogueStore
from holdfast.infrastructure.postgres.connection import Timeouts
from holdfast.infrastructure.postgres.invariants import InvariantResult
from holdfast.infrastructure.postgres.pool_sizes import LARGE_CONNECTIONS
from holdfast.infrastructure.postgres.reads import PostgresReads
from holdfast.infrastructure.postgres.seat_map_source import PostgresSeatMapSource
from holdfast.infrastructure.readiness import open_looks
from holdfast.infrastructure.redis.gate import RedisGate
from holdfast.infrastructure.redis.open_gate import OpenGate
from holdfast.process import bounds_from, database_url_of, end_by_force, open_pool, set_up_logging, telling
from holdfast.settings import Settings
from holdfast.telemetry.exposition import exposition

PAUSE_SEVERAL_SECONDS = 0.003
"""For each process of a node with several. In mixed load two processes took 1.6 times the CPU of one for a request with
pauses of 1 ms, and 1.3 to 1.5 times with 6 ms (docs/performance.md)."""


@asynccontextmanager
async def open_desk(
    settings: Settings,
    *,
    process: str = "api",
    deadline: Deadline | None = None,
    processes_in_use: Callable[[], int] = lambda: 1,
) -> AsyncIterator[Desk]:
    """Open the pools and the gate, and give what the use cases share.

    At the end what is under way is finished, as far as the deadline allows.

    Args:
        settings: How large everything is, and where the databases are.
        process: What its connections to PostgreSQL are called.
        deadline: When it must have ended.
        processes_in_use: How many processes of this node have connections.
    """

    def pause_seconds() -> float:
        return reading_pause_seconds(processes_in_use())

    deadline = deadline or Deadline(settings.shutdown_seconds)
    timeouts = Timeouts()
    bounds = bounds_from(settings)
    async with AsyncExitStack() as stack:
        write_size = settings.write_pool_size + LOCK_WAITS_AT_ONCE
        write_pool = await open_pool(stack, settings, f"{process}-write", write_size, timeouts)
        read_pool = await open_pool(stack, settings, f"{process}-read", settings.read_pool_size, timeouts)
        catalogue_pool = await open_pool(
            stack, settings, f"{process}-catalogue", settings.catalogue_pool_size, timeouts
        )
        gate = _gate(settings)
        stack.push_async_callback(gate.close)
        store = PostgresBatchStore(write_pool, read_pool)
        taken_seats = TakenSeats(memory_seconds=settings.gate_memory_seconds)
        large_pool = await open_pool(
            stack,
            settings,
            f"{process}-large",
            LARGE_CONNECTIONS,
            replace(timeouts, statement_seconds=timeouts.bulk_statement_seconds),
        )
        map_source = PostgresSeatMapSource(read_pool, large_pool, seat_tail)
        seat_maps = SeatMaps(
            map_source,
            bytes_max=settings.seat_maps_mib_max * 1024 * 1024,
            expire=lambda event_id: expire_overdue(batcher, event_id),
            pause_seconds=pause_seconds,
        )
        batcher = Batcher(store, bounds, listeners=[taken_seats, seat_maps])
        # A bulk call leaves a connection to the others where there are several.
        bulk_line = BulkLine(at_once=max(1, settings.catalogue_pool_size - 1))
        catalogue = Catalogue(PostgresCatalogueStore(catalogue_pool, timeouts), bulk_line)
        stack.push_async_callback(_close_writers, batcher, catalogue, deadline)
        live_changes = LiveChanges(seat_maps, map_source)
        stack.callback(live_changes.close)
        reads = PostgresReads(read_pool)
        yield Desk(
            batcher=batcher,
            gate=gate,
            taken_seats=taken_seats,
            shared_read=SharedRead(store),
            owners=Owners(store),
            catalogue=catalogue,
            reads=reads,
            event_pages=EventPages(reads, event_list, pause_seconds=pause_seconds),
            seat_maps=seat_maps,
            live_changes=live_changes,
            large_lists=LargeLists(map_source, seat_tail),
            charts=map_source,
            kept_charts=KeptCharts(map_source),
        )


def reading_pause_seconds(processes: int) -> float:
    """How far apart shared questions of one process begin.

    Of several processes each sees a part of the readers, so fewer share a question, and all processes together ask
    PostgreSQL more often for the same answers. With longer pauses a node asks about as often as one process would.
    """
    return PAUSE_SECONDS if processes <= 1 else PAUSE_SEVERAL_SECONDS * processes


@asynccontextmanager
async def application(
    settings: Settings,
    draining: Draining | None = None,
    deadline: Deadline | None = None,
    turns: Turns | None = None,
) -> AsyncIterator[PathTable]:
    """Give the API, ready to answer; once `draining` has begun it tells that it is not."""
    processes_in_use = (lambda: 1) if turns is None else turns.processes_in_use
    deadline = deadline or Deadline(settings.shutdown_seconds)
    async with (
        open_desk(settings, deadline=deadline, processes_in_use=processes_in_use) as desk,
        telling(settings, process="api", deadline=deadline),
        _looks(settings, desk) as looks,
    ):
        draining = draining or Draining()
        draining.at_the_end(desk.live_changes.close)
        draining.at_last(lambda: _give_up(desk))
        readiness = Readiness(looks, draining)
        yield build_app(desk, settings, exposition=exposition, readiness=readiness)


def serve(settings: Settings, listen_fd: int | None = None, turns: Turns | None = None) -> None:
    """Run one API process until SIGTERM or SIGINT; requests under way are finished first.

    Args:
        settings: What to run.
        listen_fd: File descriptor of a socket that listens already; None: listen on HOST and PORT.
        turns: Shares out connections among the processes that share that socket; None: there is only this one.
    """
    set_up_logging(settings)
    uvloop.run(_serve(settings, listen_fd, turns))


def check_invariants(settings: Settings) -> list[InvariantResult]:
    """Check every promise against the database (see `infrastructure.postgres.invariants`)."""
    return asyncio.run(invariants.check_invariants(database_url_of(settings)))


async def seed_sample_event(settings: Settings) -> None:
    """Make the sample event in a database without events."""
    async with open_desk(settings, process="seed") as desk:
        await add_sample_event(desk, today=datetime.now(UTC))


async def _give_up(desk: Desk) -> None:
    """Have everybody answered who waits for a write."""
    desk.catalogue.give_up()
    await desk.batcher.close(seconds_max=0)


async def _close_writers(batcher: Batcher, catalogue: Catalogue, deadline: Deadline) -> None:
    """Finish what is being written, all in the same time."""
    seconds_max = deadline.left(for_others=1.0)
    await asyncio.gather(batcher.close(seconds_max=seconds_max), catalogue.close(seconds_max=seconds_max))


def _gate(settings: Settings) -> RedisGate | OpenGate:
    if settings.redis_url is None:
        return OpenGate()
    # A call beyond these waits for a connection; an error instead would look as if Redis were away.
    connections = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=settings.redis_call_seconds,
        socket_connect_timeout=settings.redis_call_seconds,
        retry=Retry(NoBackoff(), 0),
        max_connections=16,
        timeout=settings.redis_call_seconds,
    )
    redis = Redis.from_pool(connections)
    return RedisGate(redis, lock_seconds=settings.lock_seconds, call_seconds_max=settings.redis_call_seconds)


def _looks(settings: Settings, desk: Desk) -> AbstractAsyncContextManager[dict[str, Look]]:
    redis_url = None if settings.redis_url is None else settings.redis_url.get_secret_value()
    return open_looks(database_url_of(settings), redis_url, overflowing=lambda: desk.batcher.overflowing)


async def _serve(settings: Settings, listen_fd: int | None, turns: Turns | None) -> None:
    raise_files_max()
    draining = Draining()
    deadline = Deadline(settings.shutdown_seconds, when_over=end_by_force)
    async with application(settings, draining, deadline, turns) as app:
        _calm_garbage_collection()
        server = NodeServer(app, settings, draining, deadline, probes=PROBES)
        listeners = [] if listen_fd is None else [socket.socket(fileno=listen_fd)]
        await server.serve(listeners, turns)
    if not server.started:
        sys.exit(1)


def _calm_garbage_collection() -> None:
    """Leave what was made at the start out of every collection, and collect seldom.

    Requests leave no cycles worth looking for often; with the default thresholds the search took a third of the CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
