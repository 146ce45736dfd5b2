"""The distributed lock: one key per seat, held while a transaction on the seat is under way."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from holdfast.application.coalescer import Coalescer
from holdfast.domain.booking.commands import Reserve
from holdfast.domain.value import value
from holdfast.infrastructure.redis.breaker import Breaker
from holdfast.infrastructure.redis.scripts import script
from holdfast.telemetry import metrics

WISHES_MAX = 256
"""Requests in one call."""

_durations = {
    (operation, status): metrics.distributed_lock_duration_seconds.labels(operation, status)
    for operation in ("acquire", "release")
    for status in ("success", "failed")
}


@value(frozen=True, slots=True)
class _Lock:
    """The keys of a request, and the value that marks them as its own."""

    keys: list[bytes]
    owner: bytes


class RedisGate:
    """`application.booking.ports.Gate` on Redis. Requests that arrive during one call share the next.

    `acquire` returns whatever happens to Redis. While Redis is away, every request passes, because the gate only sheds
    load.
    """

    def __init__(self, redis: Redis, *, lock_seconds: float, call_seconds_max: float) -> None:
        self.redis = redis
        self._lock_milliseconds = int(lock_seconds * 1000)
        self._call_seconds_max = call_seconds_max
        self._lock_script = script(redis, "gate.lua")
        self._release_script = script(redis, "release.lua")
        self._acquires: Coalescer[None, _Lock, bool] = Coalescer(
            self._acquire, questions_max=WISHES_MAX, unwanted=self._give_back
        )
        self._releases: Coalescer[None, _Lock, None] = Coalescer(self._release, questions_max=WISHES_MAX)
        self._held: dict[UUID, _Lock] = {}
        self.breaker = Breaker(call_seconds_max=call_seconds_max)
        self.breaker.also_ping(self._ping)

    async def acquire(self, event_id: UUID, wish: Reserve) -> bool:
        """Try to lock every requested seat, or none. A lock that already has the same owner counts as free."""
        if self.breaker.open:
            return True
        lock = _lock_of(event_id, wish)
        passed = await self._acquires.ask(None, lock)
        if passed:
            self._held[wish.reservation_id] = lock
        return passed

    def release(self, wish: Reserve) -> None:
        """Release the locks in the background. If that fails, they expire."""
        lock = self._held.pop(wish.reservation_id, None)
        if lock is not None and not self.breaker.open:
            self._releases.tell(None, lock)

    def _give_back(self, lock: _Lock, passed: bool) -> None:  # noqa: FBT001 - a result of `_acquire`
        """Release what was locked for a buyer who hung up while waiting: others want these seats."""
        if passed and not self.breaker.open:
            self._releases.tell(None, lock)

    async def close(self) -> None:
        """Finish the releases under way, and disconnect from Redis."""
        await self._releases.finish(seconds_max=2 * self._call_seconds_max)
        self.breaker.close()
        await self.redis.aclose()

    async def _ping(self) -> None:
        """Lock and unlock a dummy seat. A Redis that answers PING may still refuse what the gate does.

        It may be a replica, out of memory or unable to write to disk, or the user may lack rights. With a mere PING,
        the breaker would close again at once and open with the next request, for as long as that lasts.
        """
        # Connections to a server that went away fail on their next use, even once Redis is back.
        await self.redis.connection_pool.disconnect(inuse_connections=False)
        key, owner = f"lock:probe:{uuid4()}".encode(), bytes(32)
        await self._lock_script(keys=[key], args=[self._lock_milliseconds, owner, b"\x01"])
        await self._release_script(keys=[key], args=[owner])

    async def _acquire(self, _: None, locks: Sequence[_Lock]) -> Sequence[bool]:
        keys = [key for lock in locks for key in lock.keys]
        owners = b"".join(lock.owner for lock in locks)
        counts = bytes(len(lock.keys) for lock in locks)
        verdicts = await self._call("acquire", self._lock_script, keys, [self._lock_milliseconds, owners, counts])
        if not isinstance(verdicts, list) or len(verdicts) != len(locks):
            return [True] * len(locks)  # the call failed, or it was not Redis that answered
        return [verdict == 1 for verdict in verdicts]

    async def _release(self, _: None, locks: Sequence[_Lock]) -> Sequence[None]:
        keys = [key for lock in locks for key in lock.keys]
        owners = b"".join(lock.owner for lock in locks for _ in lock.keys)
        await self._call("release", self._release_script, keys, [owners])
        return [None] * len(locks)

    async def _call(
        self, operation: str, script: AsyncScript, keys: list[bytes], arguments: Sequence[bytes | int]
    ) -> Any:  # noqa: ANN401 - the script's result; None if it failed
        if self.breaker.open:
            return None
        started = perf_counter()
        answer = await self.breaker.call(script, keys, arguments)
        _durations[operation, "failed" if answer is None else "success"].observe(perf_counter() - started)
        return answer


@lru_cache(maxsize=1024)
def _prefix(event_id: UUID) -> str:
    """Return the prefix of an event's keys. Formatting a UUID takes longer than this cached look-up."""
    return f"lock:{event_id}:"


def _lock_of(event_id: UUID, wish: Reserve) -> _Lock:
    prefix = _prefix(event_id)
    keys = [f"{prefix}{seat_id}".encode() for seat_id in wish.seat_ids]
    user_id, key = wish.user_id.encode(), wish.idempotency_key.encode()
    owner = sha256(len(user_id).to_bytes(4, "big") + user_id + len(key).to_bytes(4, "big") + key).digest()
    return _Lock(keys, owner)
