"""The composition root: settings become pools, the gate, the desk, and from those the API and the worker.

The only module that sees everything.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import structlog
import uvicorn
import uvloop
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.types import ASGIApp

from holdfast.api.app import build_app
from holdfast.application.batching.batcher import Batcher
from holdfast.application.batching.bounds import Bounds
from holdfast.application.desk import Desk
from holdfast.application.expire import Expirer
from holdfast.application.owners import Owners
from holdfast.application.sample_event import add_sample_event
from holdfast.application.shared_read import SharedRead
from holdfast.application.taken_seats import TakenSeats
from holdfast.infrastructure.postgres import invariants
from holdfast.infrastructure.postgres.batch_store import PostgresBatchStore
from holdfast.infrastructure.postgres.catalogue_store import PostgresCatalogueStore
from holdfast.infrastructure.postgres.connection import Timeouts
from holdfast.infrastructure.postgres.invariants import InvariantResult
from holdfast.infrastructure.postgres.pool import Pool
from holdfast.infrastructure.postgres.reads import PostgresReads
from holdfast.infrastructure.redis.gate import RedisGate
from holdfast.infrastructure.redis.open_gate import OpenGate
from holdfast.settings import Settings
from holdfast.telemetry.logging import configure_logging
from holdfast.worker.expire_holds import expire_holds

log = structlog.get_logger(__name__)

LISTEN_BACKLOG = 4_096
KEEP_ALIVE_SECONDS = 75
"""Longer than nginx keeps idle connections to a node, so that it is never the node that closes first."""


@asynccontextmanager
async def open_desk(settings: Settings, *, process: str = "api") -> AsyncIterator[Desk]:
    """Open the pools and the gate, and give what the use cases share; at the end finish what is under way."""
    timeouts = Timeouts()
    bounds = bounds_from(settings)
    async with AsyncExitStack() as stack:
        write_pool = await _pool(stack, settings, f"{process}-write", settings.write_pool_size, timeouts)
        read_pool = await _pool(stack, settings, f"{process}-read", settings.read_pool_size, timeouts)
        gate = _gate(settings)
        stack.push_async_callback(gate.close)
        store = PostgresBatchStore(write_pool, read_pool)
        taken_seats = TakenSeats(memory_seconds=settings.gate_memory_seconds)
        batcher = Batcher(store, bounds, listeners=[taken_seats])
        stack.push_async_callback(batcher.close, seconds_max=settings.shutdown_seconds * 0.8)
        yield Desk(
            batcher=batcher,
            gate=gate,
            taken_seats=taken_seats,
            shared_read=SharedRead(store),
            owners=Owners(store),
            catalogue=PostgresCatalogueStore(write_pool, timeouts),
            reads=PostgresReads(read_pool),
        )


@asynccontextmanager
async def application(settings: Settings) -> AsyncIterator[ASGIApp]:
    """Give the API, ready to answer."""
    async with open_desk(settings) as desk:
        yield build_app(desk, settings)


def serve(settings: Settings) -> None:
    """Run one API process until SIGTERM or SIGINT; requests under way are finished first."""
    configure_logging(settings.app_env, settings.log_level)
    uvloop.run(_serve(settings))


def work(settings: Settings) -> None:
    """Run one worker until SIGTERM or SIGINT."""
    configure_logging(settings.app_env, settings.log_level)
    uvloop.run(_work(settings))


def check_invariants(settings: Settings) -> list[InvariantResult]:
    """Check every promise against the database (see `infrastructure.postgres.invariants`)."""
    return asyncio.run(invariants.check_invariants(database_url_of(settings)))


async def seed_sample_event(settings: Settings) -> None:
    """Make the sample event in a database without events."""
    async with open_desk(settings, process="seed") as desk:
        await add_sample_event(desk, today=datetime.now(UTC))


def bounds_from(settings: Settings) -> Bounds:
    """Read the batcher's limits out of the settings."""
    return Bounds(
        hold=timedelta(seconds=settings.hold_seconds),
        commands_max=settings.batch_commands_max,
        seats_max=settings.batch_seats_max,
        event_queue_max=settings.event_queue_max,
        process_queue_max=settings.process_queue_max,
        queue_seconds_max=settings.queue_wait_seconds_max,
        batch_seconds_max=settings.batch_seconds_max,
        batches_at_once=settings.write_pool_size,
    )


def database_url_of(settings: Settings) -> str:
    """Give the effective URL of PostgreSQL; a command that needs none has not asked for it."""
    assert settings.database_url is not None, "the commands make sure of a database"
    return settings.database_url.get_secret_value()


async def _pool(stack: AsyncExitStack, settings: Settings, name: str, size: int, timeouts: Timeouts) -> Pool:
    pool = Pool(database_url_of(settings), size=size, application_name=f"holdfast-{name}", timeouts=timeouts)
    stack.push_async_callback(pool.close)
    return pool


def _gate(settings: Settings) -> RedisGate | OpenGate:
    if settings.redis_url is None:
        return OpenGate()
    redis = Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=settings.redis_call_seconds,
        socket_connect_timeout=settings.redis_call_seconds,
        retry=Retry(NoBackoff(), 0),
        max_connections=16,
    )
    return RedisGate(redis, lock_seconds=settings.lock_seconds, call_seconds_max=settings.redis_call_seconds)


async def _serve(settings: Settings) -> None:
    async with application(settings) as app:
        _calm_garbage_collection()
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=LISTEN_BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=int(settings.shutdown_seconds * 0.8),
        )
        server = uvicorn.Server(config)
        await server.serve()
    if not server.started:
        sys.exit(1)


def _calm_garbage_collection() -> None:
    """Leave what was made at the start out of every collection, and collect seldom.

    Requests leave no cycles worth looking for often; with the default thresholds the search took a third of the CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _work(settings: Settings) -> None:
    timeouts = Timeouts()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        write_pool = await _pool(stack, settings, "worker-write", 1, timeouts)
        read_pool = await _pool(stack, settings, "worker-read", 1, timeouts)
        expirer = Expirer(PostgresBatchStore(write_pool, read_pool), bounds_from(settings))
        log.info("worker_started")
        await expire_holds(expirer, stop=stop)
    log.info("worker_stopped")
