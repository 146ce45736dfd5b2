"""The counts in Redis by themselves: budgets per network, and how often a buyer let go."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hoarding.conftest import open_limits
from holdfast.application.booking.ports import TooMany, TooSoon
from holdfast.application.client_networks import network_of
from holdfast.application.identifiers import uuid7
from races.waiting import until

EVENT = uuid7()
HOME = "198.51.100.7"


async def allowed(limits, attempts, *, network=HOME):
    verdicts = await asyncio.gather(*(limits.admit(EVENT, f"guest-{n}", network) for n in range(attempts)))
    return verdicts.count(None)


async def pass_time(redis, seconds):
    """Let time pass for all budgets: each becomes full that much earlier."""
    for name in await redis.keys("hoard:from:*"):
        full_at = int(await redis.get(name)) - int(seconds * 1_000_000)
        await redis.set(name, full_at, keepttl=True)


@pytest.mark.parametrize("per_minute", [1, 7, 60, 999])
async def test_a_budget_is_used_up_exactly_and_names_the_wait(redis_url, per_minute):
    async with open_limits(redis_url, holds_per_minute=per_minute) as limits:
        assert await allowed(limits, per_minute) == per_minute
        refusal = await limits.admit(EVENT, "one more", HOME)
    if refusal is not None or per_minute < 500:  # a budget of 999 is refilled by one every 60 ms
        assert isinstance(refusal, TooMany)
        assert 1 <= refusal.seconds <= -(-60 // per_minute)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    per_minute=st.integers(1, 40),
    steps=st.lists(st.tuples(st.floats(0, 90), st.integers(1, 60)), min_size=1, max_size=8),
)
async def test_no_minute_has_more_than_the_budget_and_what_was_refilled(redis, redis_url, per_minute, steps):
    """Whatever the pauses: in no stretch of time are there more holds than a full budget and the refill of it."""
    await redis.flushdb()
    made: list[tuple[float, int]] = []
    now = 0.0
    async with open_limits(redis_url, holds_per_minute=per_minute) as limits:
        for pause, attempts in steps:
            now += pause
            await pass_time(redis, pause)
            made.append((now, await allowed(limits, attempts)))
    slack = 1 + per_minute / 60 * 5  # the test itself takes time
    for first, (start, _) in enumerate(made):
        for last in range(first, len(made)):
            refilled = (made[last][0] - start) * per_minute / 60
            assert sum(count for _, count in made[first : last + 1]) <= per_minute + refilled + slack


async def test_a_budget_fills_up_again_and_no_further(redis, redis_url):
    async with open_limits(redis_url, holds_per_minute=60) as limits:
        assert await allowed(limits, 60) == 60
        await pass_time(redis, 10)
        assert 10 <= await allowed(limits, 60) < 20
        await pass_time(redis, 3_600)
        assert 60 <= await allowed(limits, 100) < 70


async def test_networks_have_budgets_of_their_own(redis_url):
    async with open_limits(redis_url, holds_per_minute=5) as limits:
        assert await allowed(limits, 9) == 5
        assert await allowed(limits, 9, network="198.51.100.8") == 5
        assert await allowed(limits, 9, network=None) == 9, "who has no address has no budget"


async def test_what_is_given_back_can_be_had_again(redis_url):
    async with open_limits(redis_url, holds_per_minute=3) as limits:
        for _ in range(8):
            assert await limits.admit(EVENT, "ann", HOME) is None
            limits.give_back(HOME)
            await limits.close(seconds_max=5)
        assert await allowed(limits, 9) == 3


async def test_two_nodes_share_a_budget_and_the_counts(redis_url):
    async with (
        open_limits(redis_url, holds_per_minute=10, rehold_seconds=60, rehold_after=2) as one,
        open_limits(redis_url, holds_per_minute=10, rehold_seconds=60, rehold_after=2) as other,
    ):
        assert sum(await asyncio.gather(allowed(one, 8), allowed(other, 8))) == 10
        one.let_go(EVENT, "ann")
        other.let_go(EVENT, "ann")
        await asyncio.gather(one.close(seconds_max=5), other.close(seconds_max=5))
        assert isinstance(await one.admit(EVENT, "ann", None), TooSoon)


async def test_who_lets_go_too_often_waits_in_that_event_alone(redis, redis_url):
    async with open_limits(redis_url, rehold_seconds=60, rehold_after=3) as limits:
        for count in range(1, 4):
            assert await limits.admit(EVENT, "ann", HOME) is None
            limits.let_go(EVENT, "ann")
            await until(lambda count=count: _counted(redis, count))
        refusal = await limits.admit(EVENT, "ann", HOME)
        assert isinstance(refusal, TooSoon)
        assert 1 <= refusal.seconds <= 60
        assert await limits.admit(EVENT, "bob", HOME) is None
        assert await limits.admit(uuid7(), "ann", HOME) is None


async def _counted(redis, count):
    return [int(await redis.get(name)) for name in await redis.keys("hoard:let-go:*")] == [count]


async def test_the_wait_ends_and_the_next_loss_begins_it_anew(redis, redis_url):
    """The count outlives the wait by as long as a hold lasts: somebody who only lets holds expire is still known."""
    async with open_limits(redis_url, rehold_seconds=60, rehold_after=1, hold_seconds=900) as limits:
        limits.let_go(EVENT, "ann")
        await limits.close(seconds_max=5)
        assert isinstance(await limits.admit(EVENT, "ann", None), TooSoon)
        [name] = await redis.keys("hoard:let-go:*")
        assert 900_000 < await redis.pttl(name) <= 960_000
        await redis.pexpire(name, 900_000)  # sixty seconds later
        assert await limits.admit(EVENT, "ann", None) is None
        limits.let_go(EVENT, "ann")
        await limits.close(seconds_max=5)
        assert isinstance(await limits.admit(EVENT, "ann", None), TooSoon)


async def test_a_buyer_who_waits_costs_the_address_nothing(redis_url):
    async with open_limits(redis_url, holds_per_minute=2, rehold_seconds=60, rehold_after=1) as limits:
        limits.let_go(EVENT, "ann")
        await limits.close(seconds_max=5)
        for _ in range(5):
            assert isinstance(await limits.admit(EVENT, "ann", HOME), TooSoon)
        assert await allowed(limits, 5) == 2


async def test_a_clock_that_was_set_back_blocks_nobody_for_longer_than_a_minute(redis, redis_url):
    async with open_limits(redis_url, holds_per_minute=60) as limits:
        assert await allowed(limits, 1) == 1
        await pass_time(redis, -86_400)
        refusal = await limits.admit(EVENT, "ann", HOME)
        assert isinstance(refusal, TooMany)
        assert refusal.seconds == 1, "the budget is taken as used up, and refills from now on"


async def test_everything_in_redis_ends_by_itself_and_names_nobody(redis, redis_url):
    async with open_limits(redis_url, holds_per_minute=60, rehold_seconds=60) as limits:
        await limits.admit(EVENT, "ann@example.org", HOME)
        limits.let_go(EVENT, "ann@example.org")
        await limits.close(seconds_max=5)
    names = await redis.keys("*")
    assert len(names) == 2
    for name in names:
        assert b"example" not in name
        assert 0 < await redis.pttl(name) <= 2_760_000


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", None),
        ("", None),
        ("[", None),
        ("1" * 5_000, None),
    ],
)
def test_addresses_share_a_budget_by_network(address, network):
    assert network_of(address) == network
