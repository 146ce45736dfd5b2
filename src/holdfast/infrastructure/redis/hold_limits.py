"""Budgets of new holds per client address, and counts of the holds that buyers let go, shared by all nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import ceil
from typing import TypeAlias
from uuid import UUID, uuid4

from redis.asyncio import Redis

from holdfast.application.booking.ports import TooMany, TooSoon
from holdfast.application.coalescer import Coalescer
from holdfast.infrastructure.redis.breaker import Breaker
from holdfast.infrastructure.redis.scripts import script
from holdfast.telemetry import tracing

QUESTIONS_MAX = 256
"""Requests in one call."""
_MINUTE_MICROSECONDS = 60_000_000

_Keys: TypeAlias = tuple[bytes, bytes]
"""The budget of a request's network (empty if it has none), and its buyer's count."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is allowed. A zero turns off what it belongs to."""

    holds_per_minute: int
    """New holds that a network may make at once, and then in each minute."""
    rehold_seconds: int
    rehold_after: int
    hold_seconds: int
    """How long a hold lasts at most, with its extensions. Somebody who lets one hold after another expire lets go that
    seldom, so a count is kept for longer."""


class RedisHoldLimits:
    """`application.booking.ports.HoldLimits` on Redis. Requests that arrive during one call share the next.

    While Redis is away, every hold is allowed. If it loses its data, everybody starts with a full budget.
    """

    def __init__(self, redis: Redis, limits: Limits, breaker: Breaker) -> None:
        """Set up the scripts.

        Args:
            redis: The connections; whoever opened them closes them.
            limits: What is allowed.
            breaker: The gate's, if this process has a gate: Redis is away for both, or for neither.
        """
        per_minute = limits.holds_per_minute
        self._interval = ceil(_MINUTE_MICROSECONDS / per_minute) if per_minute else 0
        self._window = self._interval * per_minute
        self._after = limits.rehold_after if limits.rehold_seconds else 0
        self._wait = limits.rehold_seconds * 1000
        self._beyond = limits.hold_seconds * 1000
        self._redis = redis
        self._admit_script = script(redis, "hold_admit.lua")
        self._give_back_script = script(redis, "hold_give_back.lua")
        self._let_go_script = script(redis, "hold_let_go.lua")
        self._admissions: Coalescer[None, _Keys, int] = Coalescer(
            self._admit, questions_max=QUESTIONS_MAX, unwanted=self._unwanted
        )
        self._returns: Coalescer[None, bytes, None] = Coalescer(self._give_back, questions_max=QUESTIONS_MAX)
        self._losses: Coalescer[None, bytes, None] = Coalescer(self._let_go, questions_max=QUESTIONS_MAX)
        self.breaker = breaker
        self.breaker.also_ping(self._ping)

    async def admit(self, event_id: UUID, user_id: str, network: str | None) -> TooMany | TooSoon | None:
        """Take one new hold from the network's budget, or return why the hold is not allowed."""
        budgeted = self._window and network is not None
        if self.breaker.open or not (budgeted or self._after):
            return None
        budget = b"" if network is None else _budget_of(network)
        with tracing.call("admit", "redis"):
            verdict = await self._admissions.ask(None, (budget, _count_of(event_id, user_id)))
        if verdict == 0:
            return None
        seconds = ceil(abs(verdict) / 1000)
        return TooMany(seconds) if verdict > 0 else TooSoon(seconds)

    def give_back(self, network: str) -> None:
        """Put one hold back into the network's budget in the background."""
        if self._window and not self.breaker.open:
            self._returns.tell(None, _budget_of(network))

    def let_go(self, event_id: UUID, user_id: str) -> None:
        """Count a hold that was released or expired, in the background."""
        if self._after and not self.breaker.open:
            self._losses.tell(None, _count_of(event_id, user_id))

    async def close(self, *, seconds_max: float) -> None:
        """Finish what is being counted, for at most twice as long as given."""
        await self._returns.finish(seconds_max=seconds_max)
        await self._losses.finish(seconds_max=seconds_max)

    def _unwanted(self, keys: _Keys, verdict: int) -> None:
        """Give back what was taken for a buyer who hung up while waiting: no hold is made."""
        if verdict == 0 and keys[0] and self._window and not self.breaker.open:
            self._returns.tell(None, keys[0])

    async def _ping(self) -> None:
        """Run each script on keys of nobody. A Redis that answers PING may still refuse these (see `RedisGate`)."""
        await self._redis.connection_pool.disconnect(inuse_connections=False)
        key = f"hoard:probe:{uuid4()}".encode()
        await self._admit_script(keys=[key, key], args=[1_000, 1_000, 0, 0, 0])
        await self._give_back_script(keys=[key], args=[1_000])
        await self._let_go_script(keys=[key], args=[1])

    async def _admit(self, _: None, requests: Sequence[_Keys]) -> Sequence[int]:
        keys = [key for request in requests for key in request]
        arguments = [self._interval, self._window, self._after, self._wait, self._beyond]
        verdicts = await self.breaker.call(self._admit_script, keys, arguments)
        if not isinstance(verdicts, list) or len(verdicts) != len(requests):
            return [0] * len(requests)  # the call failed, or it was not Redis that answered
        return verdicts

    async def _give_back(self, _: None, budgets: Sequence[bytes]) -> Sequence[None]:
        await self.breaker.call(self._give_back_script, list(budgets), [self._interval])
        return [None] * len(budgets)

    async def _let_go(self, _: None, counts: Sequence[bytes]) -> Sequence[None]:
        await self.breaker.call(self._let_go_script, list(counts), [self._wait + self._beyond])
        return [None] * len(counts)


def _budget_of(network: str) -> bytes:
    return f"hoard:from:{network}".encode()


def _count_of(event_id: UUID, user_id: str) -> bytes:
    """Return the key of a buyer's count. It holds a digest, so that whoever reads Redis learns no name."""
    return f"hoard:let-go:{event_id}:{sha256(user_id.encode()).hexdigest()[:32]}".encode()
