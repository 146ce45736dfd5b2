"""Counts wrong passwords for all nodes together."""

from hashlib import blake2b
from math import ceil
from uuid import uuid4

from redis.asyncio import Redis

from holdfast.application.identity.signing_in.tries import LocalSignInTries
from holdfast.domain.identity.sign_in_tries import KNOWN_SECONDS, OF_ACCOUNT, OF_ACCOUNT_HERE, OF_NETWORK, Tried
from holdfast.infrastructure.redis.breaker import Breaker
from holdfast.infrastructure.redis.scripts import script
from holdfast.telemetry import tracing

_LIMITS = [
    part for limit in (OF_ACCOUNT_HERE, OF_NETWORK, OF_ACCOUNT) for part in (limit.tries, limit.seconds * 1_000_000)
]


class RedisSignInTries:
    """`application.identity.signing_in.tries.SignInTries` on Redis. While it is away, each process counts by itself."""

    def __init__(self, redis: Redis, breaker: Breaker, local: LocalSignInTries) -> None:
        """Set up the scripts.

        Args:
            redis: The connections; whoever opened them closes them.
            breaker: The gate's: Redis is away for both, or for neither.
            local: Counts beside Redis, and decides while it is away.
        """
        self._take = script(redis, "sign_in_take.lua")
        self._give_back = script(redis, "sign_in_give_back.lua")
        self._local = local
        self._breaker = breaker
        breaker.also_ping(self._ping)

    async def take(self, tried: Tried) -> int | None:
        """Count a try here and in Redis. If Redis goes away in the middle of an attack, this process knows its part."""
        here = await self._local.take(tried)
        if here is not None:
            return here
        with tracing.call("take", "redis"):
            verdict = await self._breaker.call(self._take, _keys(tried), _LIMITS)
        return ceil(verdict / 1000) if isinstance(verdict, int) and verdict > 0 else None

    async def give_back(self, tried: Tried) -> None:
        """Take the try off the counts in both places."""
        await self._local.give_back(tried)
        with tracing.call("give_back", "redis"):
            await self._breaker.call(self._give_back, _keys(tried), [KNOWN_SECONDS])

    async def _ping(self) -> None:
        """Run the script for an account of nobody. A Redis that answers PING may still refuse it (see `RedisGate`)."""
        await self._take(keys=_keys(Tried(f"probe-{uuid4()}", "probe")), args=[1, 1_000] * 3)


def _keys(tried: Tried) -> list[bytes]:
    # Hashed, since a name may be anything that somebody has typed, a password by mistake too.
    account = blake2b(tried.account.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    network = tried.network
    return [
        f"sign-in:{account}:{network}".encode(),
        f"sign-in:of-network:{network}".encode(),
        f"sign-in:of-account:{account}".encode(),
        f"sign-in:known:{account}:{network}".encode(),
    ]
