"""The readiness probes of a process. They use connections of their own, so a busy pool does not look like an outage."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from holdfast.application.lifecycle.kept_finding import KeptFinding
from holdfast.application.lifecycle.readiness import OK, Finding, Probe, State
from holdfast.infrastructure.cell_readiness import CellReadiness
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.known_schema import session_name
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.upkeep.readiness import PostgresReadiness
from holdfast.infrastructure.redis.readiness import PING_SECONDS_MAX, RedisReadiness
from holdfast.server_urls.cells import Cell


@asynccontextmanager
async def open_probes(
    cells: Sequence[Cell], redis_url: str | None, *, overflowing: Callable[[], Sequence[bool]]
) -> AsyncIterator[dict[str, Probe]]:
    """Provide every probe, by the name of its part. A connection is opened when a probe first needs it.

    Args:
        cells: The databases, cell 0 first.
        redis_url: The URL of Redis; None to leave it out.
        overflowing: Returns of each cell whether requests are being refused because its queues are full.
    """

    async def queues() -> Finding:
        full = overflowing()
        if all(full):
            return Finding("failed", "The queues are full.")
        return Finding("degraded", "The queues of a cell are full.") if any(full) else OK

    async with AsyncExitStack() as stack:
        if len(cells) == 1:
            database = PostgresReadiness(_pool(stack, cells[0]))
            probes: dict[str, Probe] = {"postgresql": database.server, "schema": database.schema}
        else:
            probes = await _of_several(stack, cells)
        probes["queues"] = queues
        if redis_url is not None:
            redis = RedisReadiness(_redis(redis_url))
            stack.push_async_callback(redis.close)
            probes["redis"] = redis.server
        yield probes


def part_of(number: int) -> str:
    """Return the name of the part that says whether a cell answers."""
    return f"cell_{number}" if number else "postgresql"


def _pool(stack: AsyncExitStack, cell: Cell) -> Pool:
    pool = Pool(cell, size=1, application_name=session_name("readiness"), timeouts=Timeouts())
    stack.push_async_callback(pool.close)
    return pool


async def _of_several(stack: AsyncExitStack, cells: Sequence[Cell]) -> dict[str, Probe]:
    """Probe the cells all the time, each by itself, so that one that hangs delays no answer."""
    probes: dict[str, Probe] = {}
    schemas: list[Probe] = []
    for cell in cells:
        database = CellReadiness(_pool(stack, cell), cell.number)
        probes[part_of(cell.number)] = await stack.enter_async_context(KeptFinding(database.server).kept())
        schemas.append(await stack.enter_async_context(KeptFinding(database.schema).kept()))

    async def schema() -> Finding:
        findings = [await kept() for kept in schemas]
        states = {one.state for one in findings}
        worst: State = "failed" if "failed" in states else "degraded" if "degraded" in states else "ok"
        return Finding(worst, " ".join(one.detail for one in findings if one.detail))

    probes["schema"] = schema
    return probes


def _redis(url: str) -> Redis:
    redis: Redis = Redis.from_url(
        url,
        socket_timeout=PING_SECONDS_MAX,
        socket_connect_timeout=PING_SECONDS_MAX,
        retry=Retry(NoBackoff(), 0),
        max_connections=4,
    )
    return redis
