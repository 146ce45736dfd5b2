"""How many wrong access codes one address may try, on one node and on several, with Redis and without."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from api.channels.channel_sale import CODE, Sale
from holdfast.application.booking.access_codes import NETWORKS_MAX, TRIES_MAX, LocalCodeTries
from holdfast.application.identifiers import uuid7
from holdfast.infrastructure.redis.breaker import Breaker
from holdfast.infrastructure.redis.code_tries import RedisCodeTries

EVENT = uuid7()
HOME = "198.51.100.7"


@asynccontextmanager
async def node(url):
    """The counts as one node keeps them."""
    async with Redis.from_url(url) as redis:
        breaker = Breaker(call_seconds_max=5)
        yield RedisCodeTries(redis, breaker, LocalCodeTries())
        breaker.close()


class Hands:
    """A clock that a test sets."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def many(tries, count, *, wrong=True, network=HOME):
    """Send codes at once; return how many were accepted for judgement."""
    verdicts = await asyncio.gather(*(tries.judge(EVENT, network, wrong=wrong) for _ in range(count)))
    return sum(verdict is None for verdict in verdicts)


async def test_tries_sent_at_once_to_two_nodes_share_one_count(redis_url):
    async with node(redis_url) as one, node(redis_url) as other:
        assert await many(one, 50, wrong=False) == 50
        accepted = await asyncio.gather(many(one, 30), many(other, 30))
        assert sum(accepted) == TRIES_MAX
        assert await many(other, 3, wrong=False) == 0
        assert 0 < await one.judge(EVENT, HOME, wrong=False) <= 60
        assert await many(one, 3, network="203.0.113.9") == 3
        assert await one.judge(uuid7(), HOME, wrong=True) is None


async def test_a_minute_later_the_count_is_over(redis_url):
    async with node(redis_url) as tries, Redis.from_url(redis_url) as redis:
        assert await many(tries, 30) == TRIES_MAX
        (key,) = await redis.keys("code:wrong:*")
        assert 0 < await redis.pttl(key) <= 60_000
        assert await redis.llen(key) == TRIES_MAX + 1
        earlier = [int(moment) - 60_000_000 for moment in await redis.lrange(key, 0, -1)]
        await redis.delete(key)
        await redis.rpush(key, *earlier)
        assert await many(tries, 30) == TRIES_MAX


async def test_without_redis_each_node_counts_by_itself(server):
    async with node(server.url) as tries:
        server.stop()
        assert await many(tries, 30) == TRIES_MAX
        assert tries.breaker.open
        assert await many(tries, 3, wrong=False) == 0


async def test_the_count_of_a_node_slides_and_is_bounded():
    clock = Hands()
    tries = LocalCodeTries(clock=clock)
    assert await many(tries, 30) == TRIES_MAX
    assert await tries.judge(EVENT, HOME, wrong=False) == 60
    clock.now += 59
    assert await tries.judge(EVENT, HOME, wrong=True) == 1
    clock.now += 1
    assert await many(tries, 30) == TRIES_MAX
    for number in range(NETWORKS_MAX + 5):
        await tries.judge(EVENT, f"network-{number}", wrong=True)
    assert len(tries._wrong) == NETWORKS_MAX


@pytest.mark.parametrize("with_redis", [True, False])
async def test_a_code_cannot_be_found_among_guesses_sent_at_once(api_where, with_redis):
    """The right one is among them, but it comes too late, or the guesses before it were too few to matter."""
    async with api_where(**({} if with_redis else {"redis_url": None})) as api:
        sale = Sale(api, *await api.event_on_sale(seats=5))
        await sale.put()
        await sale.keep_back(0, 1, 2)
        guesses = [f"guess-{number}" for number in range(40)]
        answers = await asyncio.gather(*(sale.reserve(0, access_code=guess) for guess in guesses))
        codes = [answer.json()["code"] for answer in answers]
        assert codes.count("seats_unavailable") == TRIES_MAX
        assert codes.count("too_many_tries") == 30
        late = await sale.reserve(0, access_code=CODE)
        assert late.status_code == 429
        elsewhere = {"X-Access-Code": CODE}
        assert (await api.get(f"{sale.path}/fans/seats", headers=elsewhere)).status_code == 429
