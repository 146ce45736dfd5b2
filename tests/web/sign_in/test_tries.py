"""Counts of wrong passwords, in Redis for all nodes and in the memory of one."""

import asyncio

import pytest
from redis.asyncio import Redis

from holdfast.application.identity.signing_in.tries import LocalSignInTries
from holdfast.domain.identity.sign_in_tries import OF_ACCOUNT, OF_ACCOUNT_HERE, OF_NETWORK, Tried
from holdfast.infrastructure.redis.breaker import Breaker
from holdfast.infrastructure.redis.sign_in_tries import RedisSignInTries

ANN = Tried("ann", "203.0.113.7")


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


class Forgetful(LocalSignInTries):
    """Counts nothing, so that Redis alone decides."""

    async def take(self, _tried):
        return None


@pytest.fixture(params=["redis", "local"])
async def tries(request):
    if request.param == "local":
        yield LocalSignInTries()
        return
    redis = Redis.from_url(request.getfixturevalue("redis_url"))
    breaker = Breaker(call_seconds_max=5)
    try:
        yield RedisSignInTries(redis, breaker, Forgetful())
    finally:
        breaker.close()
        await redis.aclose()


async def take(tries, tried, times):
    return [await tries.take(tried) for _ in range(times)]


async def test_tries_sent_at_once_are_counted_one_by_one(tries):
    verdicts = await asyncio.gather(*(tries.take(ANN) for _ in range(OF_ACCOUNT_HERE.tries + 20)))
    assert verdicts.count(None) == OF_ACCOUNT_HERE.tries
    assert all(0 < verdict <= OF_ACCOUNT_HERE.seconds for verdict in verdicts if verdict is not None)


async def test_a_right_password_clears_the_count_of_the_account_and_not_that_of_the_network(tries):
    for _ in range(OF_NETWORK.tries - 1):
        assert await tries.take(ANN) is None
        await tries.give_back(ANN)
    assert await take(tries, ANN, OF_ACCOUNT_HERE.tries) == [None] * OF_ACCOUNT_HERE.tries
    assert await tries.take(ANN) is not None


async def test_a_network_that_tries_one_name_after_another_has_to_wait_for_all(tries):
    names = [Tried(f"name-{number}", ANN.network) for number in range(OF_NETWORK.tries)]
    assert [await tries.take(one) for one in names] == [None] * OF_NETWORK.tries
    assert await tries.take(Tried("another", ANN.network)) is not None
    assert await tries.take(Tried("another", "198.51.100.1")) is None


async def test_a_name_that_is_tried_from_everywhere_is_kept_for_where_it_signed_in_before(tries):
    at_home = Tried("ann", "198.51.100.1")
    assert await tries.take(at_home) is None
    await tries.give_back(at_home)
    for number in range(OF_ACCOUNT.tries):
        assert await tries.take(Tried("ann", f"203.0.113.{number}")) is None
    assert await tries.take(Tried("ann", "192.0.2.1")) is not None
    assert await tries.take(at_home) is None


async def test_a_try_that_is_refused_is_not_counted_so_that_the_wait_ends():
    clock = Clock()
    tries = LocalSignInTries(clock=clock)
    await take(tries, ANN, OF_ACCOUNT_HERE.tries)
    for seconds in range(0, OF_ACCOUNT_HERE.seconds, 60):
        clock.seconds = seconds
        assert await tries.take(ANN) == OF_ACCOUNT_HERE.seconds - seconds
    clock.seconds = OF_ACCOUNT_HERE.seconds
    assert await tries.take(ANN) is None


async def test_what_a_process_keeps_is_bounded(monkeypatch):
    monkeypatch.setattr("holdfast.application.identity.signing_in.tries.ENTRIES_MAX", 10)
    tries = LocalSignInTries()
    for number in range(50):
        one = Tried(f"name-{number}", f"203.0.113.{number}")
        await tries.take(one)
        await tries.give_back(one)
    assert len(tries._counts) <= 10
    assert len(tries._known) <= 10


async def test_without_redis_each_process_counts_by_itself():
    redis = Redis.from_url("redis://127.0.0.1:1/0")
    breaker = Breaker(call_seconds_max=5)
    try:
        tries = RedisSignInTries(redis, breaker, LocalSignInTries())
        verdicts = await take(tries, ANN, OF_ACCOUNT_HERE.tries + 1)
        assert breaker.open
        assert verdicts[:-1] == [None] * OF_ACCOUNT_HERE.tries
        assert verdicts[-1] is not None
    finally:
        breaker.close()
        await redis.aclose()


async def test_in_redis_stands_nothing_that_was_typed_and_nothing_stays(redis_url):
    redis = Redis.from_url(redis_url)
    breaker = Breaker(call_seconds_max=5)
    try:
        await RedisSignInTries(redis, breaker, LocalSignInTries()).take(Tried("my password\ud800", ANN.network))
        keys = await redis.keys("*")
        assert len(keys) == 3
        assert not [key for key in keys if b"password" in key]
        assert all([0 < await redis.ttl(key) <= OF_ACCOUNT.seconds for key in keys])
    finally:
        breaker.close()
        await redis.aclose()
