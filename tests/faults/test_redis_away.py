"""Redis comes and goes; Holdfast keeps selling, logs each change once, and needs no restart."""

import asyncio
import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis.asyncio
from structlog.testing import capture_logs

from box_office import assert_promises_hold, event_locked, open_engine, put_on_sale, until
from holdfast.domain.booking.refusals import SeatsUnavailable
from holdfast.infrastructure.embedded import EmbeddedRedis
from holdfast.telemetry import metrics

pytestmark = pytest.mark.skipif(not EmbeddedRedis.available(), reason="no redis-server or valkey-server is installed")


@pytest.fixture
def server():
    """A Redis that this test may break."""
    with TemporaryDirectory() as folder:
        redis_server = EmbeddedRedis(Path(folder))
        redis_server.start()
        yield redis_server
        if redis_server.alive:
            os.kill(redis_server.pid, signal.SIGCONT)
        redis_server.stop()


class Changes:
    """What metrics and log have reported about the gate since this was created."""

    def __init__(self, logs):
        self._logs = logs
        self._before = self._counted()

    @staticmethod
    def _counted():
        return {to: metrics.gate_changes_total.labels(to)._value.get() for to in ("degraded", "working")}

    def told(self):
        counted = {to: int(now - self._before[to]) for to, now in self._counted().items()}
        logged = [entry["event"] for entry in self._logs if entry["event"].startswith("gate_")]
        assert logged.count("gate_degraded") == counted["degraded"]
        assert logged.count("gate_working") == counted["working"]
        assert metrics.gate_degraded._value.get() == (counted["degraded"] > counted["working"])
        return counted


@pytest.fixture
def changes():
    with capture_logs() as logs:
        yield Changes(logs)


async def working_again(engine):
    await until(lambda: not engine.booking.gate.breaker.open)


async def locked_in(client):
    while await client.dbsize() == 0:  # noqa: ASYNC110 - Redis does not tell
        await asyncio.sleep(0.01)


async def sell_to_a_crowd(engine, sale, *places):
    """Everybody requests each of these seats; one gets it, the others are refused."""
    for place in places:
        answers = await asyncio.gather(
            *(sale.reserve(engine, place, user=f"user-{number}") for number in range(8)), return_exceptions=True
        )
        assert sorted(type(answer).__name__ for answer in answers) == ["Done"] + [SeatsUnavailable.__name__] * 7


async def test_it_starts_without_redis_and_finds_it_later(database_url, server, changes):
    server.kill()
    async with open_engine(database_url, server.url) as engine:
        sale = await put_on_sale(engine)
        await sell_to_a_crowd(engine, sale, 0, 1)
        assert changes.told() == {"degraded": 1, "working": 0}
        await asyncio.to_thread(server.start)
        await working_again(engine)
        await sell_to_a_crowd(engine, sale, 2)
        assert changes.told() == {"degraded": 1, "working": 1}
    await assert_promises_hold(database_url)


async def test_redis_is_killed_and_comes_back_empty_twice(database_url, server, changes):
    async with open_engine(database_url, server.url) as engine:
        sale = await put_on_sale(engine, 6)
        await sell_to_a_crowd(engine, sale, 0)
        for turn in (1, 2):
            await asyncio.to_thread(server.kill)
            await sell_to_a_crowd(engine, sale, 2 * turn - 1)
            await asyncio.to_thread(server.start)
            await working_again(engine)
            await sell_to_a_crowd(engine, sale, 2 * turn)
            assert changes.told() == {"degraded": turn, "working": turn}
    await assert_promises_hold(database_url)


async def test_redis_hangs_and_goes_on(database_url, server, changes):
    async with open_engine(database_url, server.url, redis_call_seconds=0.1) as engine:
        sale = await put_on_sale(engine)
        await sell_to_a_crowd(engine, sale, 0)
        others = [await put_on_sale(engine) for _ in range(3)]
        os.kill(server.pid, signal.SIGSTOP)
        await asyncio.gather(*(other.reserve(engine, 0) for other in others))
        assert changes.told() == {"degraded": 1, "working": 0}, "several calls failed, and one change is told"
        await sell_to_a_crowd(engine, sale, 1)
        assert engine.booking.gate.breaker.open
        os.kill(server.pid, signal.SIGCONT)
        await working_again(engine)
        await sell_to_a_crowd(engine, sale, 2, 3)
        told = changes.told()
        assert told["degraded"] == told["working"] >= 1
    await assert_promises_hold(database_url)


async def test_locks_are_flushed_under_way(database_url, server, changes):
    async with open_engine(database_url, server.url) as engine, redis.asyncio.Redis.from_url(server.url) as client:
        sale = await put_on_sale(engine)
        async with event_locked(database_url, sale.event_id):
            first = asyncio.create_task(sale.reserve(engine, 0, user="first"))
            await locked_in(client)
            await client.flushall()
            await client.script_flush()
            second = asyncio.create_task(sale.reserve(engine, 0, user="second"))
            await locked_in(client)
        answers = await asyncio.gather(first, second, return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in answers) == ["Done", "SeatsUnavailable"]
        assert changes.told() == {"degraded": 0, "working": 0}
    await assert_promises_hold(database_url)


async def test_it_closes_while_redis_is_away(database_url, server, changes):
    async with open_engine(database_url, server.url) as engine:
        sale = await put_on_sale(engine)
        await asyncio.to_thread(server.kill)
        await sale.reserve(engine, 0)
        assert changes.told() == {"degraded": 1, "working": 0}


async def test_more_events_at_once_than_connections_do_not_look_like_a_lost_redis(database_url, server, changes):
    async with open_engine(database_url, server.url, redis_call_seconds=3) as engine:
        sales = [await put_on_sale(engine, 1) for _ in range(40)]
        await asyncio.gather(*(sale.reserve(engine, 0) for sale in sales))
        assert changes.told() == {"degraded": 0, "working": 0}


async def test_locks_are_given_back_and_those_of_others_are_not(database_url, server, changes):
    async with redis.asyncio.Redis.from_url(server.url) as client:
        async with open_engine(database_url, server.url) as engine:
            sale = await put_on_sale(engine)
            mine, theirs = sale.wish(0, 1), sale.wish(0, user="bob")
            assert await engine.booking.gate.acquire(sale.event_id, mine)
            assert await engine.booking.gate.acquire(sale.event_id, mine), "an equal owner passes"
            assert not await engine.booking.gate.acquire(sale.event_id, theirs)
            engine.booking.gate.release(theirs)
            assert not await engine.booking.gate.acquire(sale.event_id, theirs)
            locks = [f"lock:{sale.event_id}:{seat}" for seat in sale.seats[:2]]
            assert sorted(await client.keys()) == sorted(lock.encode() for lock in locks)
            assert 0 < await client.pttl(locks[0]) <= 3_000
            await client.set(locks[0], "it ran out, and somebody else has it")
            engine.booking.gate.release(mine)
        left = await client.keys()
    assert left == [locks[0].encode()], "what is being given back is, before the engine closes"
    assert changes.told() == {"degraded": 0, "working": 0}


REFUSALS = {
    "a full memory": (["CONFIG SET maxmemory 1"], ["CONFIG SET maxmemory 0"]),
    "a replica": (["REPLICAOF 127.0.0.1 1"], ["REPLICAOF NO ONE"]),
    "too few replicas": (["CONFIG SET min-replicas-to-write 1"], ["CONFIG SET min-replicas-to-write 0"]),
    "no right to run scripts": (["ACL SETUSER default -eval -evalsha"], ["ACL SETUSER default +@all"]),
    "no right to the keys": (["ACL SETUSER default resetkeys ~other:*"], ["ACL SETUSER default allkeys"]),
    "no right to unlock": (["ACL SETUSER default -del"], ["ACL SETUSER default +@all"]),
    "a password": (["CONFIG SET requirepass another"], ["CONFIG SET requirepass "]),
}


@pytest.mark.parametrize("kind", REFUSALS)
async def test_a_redis_that_answers_and_refuses_is_like_one_that_is_away(database_url, server, changes, kind):
    """It answers PING all the while: the breaker stays open until what the gate does works again."""
    break_it, mend_it = REFUSALS[kind]
    async with open_engine(database_url, server.url) as engine, redis.asyncio.Redis.from_url(server.url) as client:
        sale = await put_on_sale(engine, 6)
        await sell_to_a_crowd(engine, sale, 0)
        await _run(client, break_it)
        await client.client_kill_filter(_type="normal", skipme=True)
        await sell_to_a_crowd(engine, sale, 1)
        await until(lambda: engine.booking.gate.breaker.open)
        await asyncio.sleep(0.6)
        await sell_to_a_crowd(engine, sale, 2)
        assert changes.told() == {"degraded": 1, "working": 0}, "it does not open and close all the while"
        await _run(client, mend_it)
        await working_again(engine)
        await sell_to_a_crowd(engine, sale, 3)
        assert changes.told() == {"degraded": 1, "working": 1}
    await assert_promises_hold(database_url)


async def _run(client, commands):
    for command in commands:
        name, *arguments = command.split(" ")
        await client.execute_command(name, *arguments)
