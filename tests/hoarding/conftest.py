"""What the tests of hoarding start from."""

from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis

from api.serving import api_with
from holdfast.infrastructure.embedded import EmbeddedRedis
from holdfast.infrastructure.redis.breaker import Breaker
from holdfast.infrastructure.redis.hold_limits import Limits, RedisHoldLimits


@asynccontextmanager
async def open_limits(url, *, holds_per_minute=0, rehold_seconds=0, rehold_after=3, hold_seconds=2_700):
    """The limits of one node, on connections of its own."""
    async with Redis.from_url(url) as redis:
        breaker = Breaker(call_seconds_max=5)
        limits = RedisHoldLimits(redis, Limits(holds_per_minute, rehold_seconds, rehold_after, hold_seconds), breaker)
        yield limits
        await limits.close(seconds_max=5)
        breaker.close()
        assert not breaker.open, "Redis answered throughout"


@pytest.fixture
async def redis(redis_url):
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def server():
    """A Redis that this test may break."""
    if not EmbeddedRedis.available():
        pytest.skip("no redis-server or valkey-server is installed")
    with TemporaryDirectory() as folder:
        redis_server = EmbeddedRedis(Path(folder))
        redis_server.start()
        yield redis_server
        redis_server.stop()


@pytest.fixture
def api_where(database_url, redis_url):
    """Serve an API with other settings: `async with api_where(holds_per_address_minute=1) as api`."""

    def open_api(**settings):
        return api_with(**{"database_url": database_url, "redis_url": redis_url, "redis_call_seconds": 0.5} | settings)

    return open_api
