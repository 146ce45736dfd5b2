"""The readiness probes of a process. They use connections of their own, so a busy pool does not look like an outage."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from holdfast.application.lifecycle.readiness import OK, Finding, Probe
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.known_schema import session_name
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.upkeep.readiness import PostgresReadiness
from holdfast.infrastructure.redis.readiness import PING_SECONDS_MAX, RedisReadiness


@asynccontextmanager
async def open_probes(
    database_url: str, redis_url: str | None, *, overflowing: Callable[[], bool]
) -> AsyncIterator[dict[str, Probe]]:
    """Provide every probe, by the name of its part. A connection is opened when a probe first needs it.

    Args:
        database_url: The URL of PostgreSQL.
        redis_url: The URL of Redis; None to leave it out.
        overflowing: Returns whether requests are being refused because the queues are full.
    """

    async def queues() -> Finding:
        return Finding("failed", "The queues are full.") if overflowing() else OK

    async with AsyncExitStack() as stack:
        pool = Pool(database_url, size=1, application_name=session_name("readiness"), timeouts=Timeouts())
        stack.push_async_callback(pool.close)
        database = PostgresReadiness(pool)
        probes: dict[str, Probe] = {
            "postgresql": database.server,
            "schema": database.schema,
            "queues": queues,
        }
        if redis_url is not None:
            redis = RedisReadiness(_redis(redis_url))
            stack.push_async_callback(redis.close)
            probes["redis"] = redis.server
        yield probes


def _redis(url: str) -> Redis:
    redis: Redis = Redis.from_url(
        url,
        socket_timeout=PING_SECONDS_MAX,
        socket_connect_timeout=PING_SECONDS_MAX,
        retry=Retry(NoBackoff(), 0),
        max_connections=4,
    )
    return redis
