"""The readiness probe of Redis. Everything works without Redis, so the worst finding is `degraded`."""

import asyncio
from importlib.resources import files
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from holdfast.application.lifecycle.readiness import OK, Finding

PING_SECONDS_MAX = 0.5
_PROBE_MILLISECONDS = 1_000
"""The lifetime of the key that a probe locks, in case it does not get as far as unlocking it."""

_WITHOUT = "Nothing is sold twice without it; PostgreSQL bears more load."
_ANSWERS = (
    ("READONLY", "Redis is a replica and takes no writes: REDIS_URL must lead to the primary."),
    ("read only replica", "Redis is a replica and takes no writes: REDIS_URL must lead to the primary."),
    ("OOM", "Redis is full and takes no writes: raise maxmemory, or find out what fills it."),
    ("maxmemory", "Redis is full and takes no writes: raise maxmemory, or find out what fills it."),
    ("MISCONF", "Redis cannot save to its disk and takes no writes: fix the disk, or switch persistence off."),
    ("LOADING", "Redis is loading its data: wait."),
)
"""What Redis's errors mean for the gate, by a word they contain. Errors inside a script are wrapped in other text."""


class RedisReadiness:
    """Probes Redis over a connection of its own."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._scripts = [
            redis.register_script((files(__package__) / name).read_text(encoding="utf-8"))
            for name in ("gate.lua", "release.lua")
        ]

    async def server(self) -> Finding:
        """Check that Redis does what the gate needs: lock a dummy seat and unlock it."""
        lock, release = self._scripts
        key, owner = f"lock:readiness:{uuid4()}".encode(), bytes(32)
        try:
            async with asyncio.timeout(PING_SECONDS_MAX):
                await lock(keys=[key], args=[_PROBE_MILLISECONDS, owner, b"\x01"])
                await release(keys=[key], args=[owner])
        except Exception as failure:  # noqa: BLE001 - after any failure, Redis is of no use to the gate
            return Finding("degraded", f"{_in_words(failure)} {_WITHOUT}")
        return OK

    async def close(self) -> None:
        """Disconnect from Redis."""
        await self._redis.aclose()


def _in_words(failure: Exception) -> str:
    said = str(failure)
    for word, meaning in _ANSWERS:
        if word in said:
            return meaning
    if isinstance(failure, NoPermissionError) or "NOPERM" in said or "can't run this command" in said:
        return (
            "Redis refuses the gate's scripts: its user needs +evalsha +script|load +get +set +del on ~lock:*; "
            "with a limit on hoarding also +incr +pexpire +pttl +time and ~hoard:*; "
            "for access codes +lpush +lindex +ltrim +pexpire +time and ~code:*."
        )
    if isinstance(failure, AuthenticationError) or "NOAUTH" in said:
        return "Redis refuses the password: see REDIS_URL."
    if isinstance(failure, ResponseError):
        return f"Redis refuses what the gate asks: {said[:200]}"
    return "Redis does not answer."
