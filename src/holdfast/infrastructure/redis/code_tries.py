"""Counts wrong access codes per client address and event, for all nodes together."""

from collections.abc import Sequence
from math import ceil
from typing import TypeAlias
from uuid import UUID, uuid4

from redis.asyncio import Redis

from holdfast.application.booking.access_codes import TRIES_MAX, TRIES_SECONDS, LocalCodeTries
from holdfast.application.coalescer import Coalescer
from holdfast.infrastructure.redis.breaker import Breaker
from holdfast.infrastructure.redis.scripts import script
from holdfast.telemetry import tracing

QUESTIONS_MAX = 256
"""Codes in one call."""
_WINDOW_MICROSECONDS = TRIES_SECONDS * 1_000_000

_Try: TypeAlias = tuple[bytes, bool]
"""The key of the count, and whether the code is wrong."""


class RedisCodeTries:
    """`application.booking.ports.CodeTries` on Redis. Codes that arrive during one call share the next.

    While Redis is away, each process counts by itself.
    """

    def __init__(self, redis: Redis, breaker: Breaker, local: LocalCodeTries) -> None:
        """Set up the script.

        Args:
            redis: The connections; whoever opened them closes them.
            breaker: The gate's: Redis is away for both, or for neither.
            local: Counts beside Redis, and decides while it is away.
        """
        self._redis = redis
        self._script = script(redis, "code_try.lua")
        self._local = local
        self._tries: Coalescer[None, _Try, int | None] = Coalescer(self._judge, questions_max=QUESTIONS_MAX)
        self.breaker = breaker
        self.breaker.also_ping(self._ping)

    async def judge(self, event_id: UUID, network: str, *, wrong: bool) -> int | None:
        """Judge a code in Redis, or here while Redis is away."""
        if not self.breaker.open:
            with tracing.call("judge", "redis"):
                verdict = await self._tries.ask(None, (f"code:wrong:{event_id}:{network}".encode(), wrong))
            if verdict is not None:
                if wrong:
                    self._local.count(event_id, network)  # or a call to Redis that is late would forget it
                return ceil(verdict / 1000) if verdict else None
        return await self._local.judge(event_id, network, wrong=wrong)

    async def _judge(self, _: None, tries: Sequence[_Try]) -> Sequence[int | None]:
        arguments = [TRIES_MAX, _WINDOW_MICROSECONDS, *[int(wrong) for _, wrong in tries]]
        verdicts = await self.breaker.call(self._script, [key for key, _ in tries], arguments)
        if not isinstance(verdicts, list) or len(verdicts) != len(tries):
            return [None] * len(tries)  # the call failed, or it was not Redis that answered
        return verdicts

    async def _ping(self) -> None:
        """Run the script on a key of nobody. A Redis that answers PING may still refuse it (see `RedisGate`)."""
        await self._script(keys=[f"code:probe:{uuid4()}".encode()], args=[TRIES_MAX, 1_000, 1])
