"""Builds what limits hoarding, in processes whose settings turn it on."""

from contextlib import AsyncExitStack

from redis.asyncio import Redis

from holdfast.bootstrap.process import extensions_from
from holdfast.infrastructure.redis.breaker import Breaker
from holdfast.infrastructure.redis.connections import open_redis
from holdfast.infrastructure.redis.hold_limits import Limits, RedisHoldLimits
from holdfast.settings import Settings


def open_hold_limits(
    stack: AsyncExitStack, settings: Settings, redis: Redis, breaker: Breaker
) -> RedisHoldLimits | None:
    """Set up the limits on the gate's connections until the stack closes; None if no setting asks for any."""
    if not (settings.holds_per_address_minute or settings.rehold_seconds):
        return None
    limits = RedisHoldLimits(redis, _limits_from(settings), breaker)
    stack.push_async_callback(limits.close, seconds_max=settings.redis_call_seconds)
    return limits


def open_worker_limits(stack: AsyncExitStack, settings: Settings, url: str) -> RedisHoldLimits:
    """Connect a worker, which has no gate, to Redis until the stack closes. It only counts expired holds."""
    redis = open_redis(url, call_seconds_max=settings.redis_call_seconds)
    stack.push_async_callback(redis.aclose)
    breaker = Breaker(call_seconds_max=settings.redis_call_seconds)
    stack.callback(breaker.close)
    limits = RedisHoldLimits(redis, _limits_from(settings), breaker)
    stack.push_async_callback(limits.close, seconds_max=settings.redis_call_seconds)
    return limits


def _limits_from(settings: Settings) -> Limits:
    return Limits(
        holds_per_minute=settings.holds_per_address_minute,
        rehold_seconds=settings.rehold_seconds,
        rehold_after=settings.rehold_after,
        hold_seconds=_longest_hold_seconds(settings),
    )


def _longest_hold_seconds(settings: Settings) -> int:
    """Return how long a hold can last if its buyer extends it as often as possible."""
    extensions = extensions_from(settings)
    often = settings.hold_seconds * (1 + extensions.count_max)
    return max(settings.hold_seconds, min(int(extensions.total_max.total_seconds()), often))
