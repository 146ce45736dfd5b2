"""What readiness asks Redis. Without it everything works, so the worst that is found is `degraded`."""

import asyncio

from redis.asyncio import Redis

from holdfast.application.readiness import OK, Finding

PING_SECONDS_MAX = 0.5

_AWAY = Finding("degraded", "Redis does not answer. Nothing is sold twice without it; PostgreSQL bears more load.")


class RedisReadiness:
    """The look at Redis, over a connection of its own."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def server(self) -> Finding:
        """Tell whether the server answers."""
        try:
            async with asyncio.timeout(PING_SECONDS_MAX):
                await self._redis.ping()
        except Exception:  # noqa: BLE001 - whatever it is, Redis is of no use now
            return _AWAY
        return OK

    async def close(self) -> None:
        """Let go of Redis."""
        await self._redis.aclose()
