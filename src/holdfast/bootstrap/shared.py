"""What the cells of a process share: Redis, and what counts in it. Its keys contain the ids of events."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from holdfast.application.booking.access_codes import LocalCodeTries
from holdfast.application.booking.ports import CodeTries, Gate, HoldLimits
from holdfast.application.identity.signing_in.tries import LocalSignInTries, SignInTries
from holdfast.bootstrap.hoarding import open_hold_limits
from holdfast.infrastructure.redis.code_tries import RedisCodeTries
from holdfast.infrastructure.redis.connections import open_redis
from holdfast.infrastructure.redis.gate import RedisGate
from holdfast.infrastructure.redis.open_gate import OpenGate
from holdfast.infrastructure.redis.sign_in_tries import RedisSignInTries
from holdfast.settings import Settings


@dataclass(frozen=True, slots=True)
class Shared:
    """One of each per process, however many cells there are."""

    gate: Gate
    limits: HoldLimits | None
    """None if no setting limits hoarding."""
    code_tries: CodeTries
    sign_in_tries: SignInTries


def open_shared(stack: AsyncExitStack, settings: Settings) -> Shared:
    """Connect to Redis until the stack closes; without it, counting is local and the gate is open."""
    code_tries, sign_in_tries = LocalCodeTries(), LocalSignInTries()
    if settings.redis_url is None:
        gate = OpenGate()
        stack.push_async_callback(gate.close)
        return Shared(gate, None, code_tries, sign_in_tries)
    redis = open_redis(settings.redis_url.get_secret_value(), call_seconds_max=settings.redis_call_seconds)
    gate_of_redis = RedisGate(redis, lock_seconds=settings.lock_seconds, call_seconds_max=settings.redis_call_seconds)
    stack.push_async_callback(gate_of_redis.close)
    breaker = gate_of_redis.breaker
    return Shared(
        gate_of_redis,
        open_hold_limits(stack, settings, redis, breaker),
        RedisCodeTries(redis, breaker, code_tries),
        RedisSignInTries(redis, breaker, sign_in_tries),
    )
