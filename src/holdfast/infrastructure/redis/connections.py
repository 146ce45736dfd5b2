"""A process's connections to Redis."""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CONNECTIONS_MAX = 16


def open_redis(url: str, *, call_seconds_max: float) -> Redis:
    """Set up a pool, which connects when it is first used, and waits no longer than this for anything."""
    # A further call waits for a connection. If it raised an error instead, it would look as if Redis were away.
    connections = BlockingConnectionPool.from_url(
        url,
        socket_timeout=call_seconds_max,
        socket_connect_timeout=call_seconds_max,
        retry=Retry(NoBackoff(), 0),
        max_connections=CONNECTIONS_MAX,
        timeout=call_seconds_max,
    )
    return Redis.from_pool(connections)
