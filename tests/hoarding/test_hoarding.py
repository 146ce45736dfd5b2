"""Limits on hoarding, as a buyer meets them: who is refused, who never is, and what Redis has to do with it."""

import asyncio
import os
import signal

import pytest
from redis.asyncio import Redis

from api.serving import refused
from box_office import assert_promises_hold, let_holds_run_out, open_engine, put_on_sale, until
from builders import a_wish
from hoarding.conftest import open_limits
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.expire import Expirer, expire_overdue
from holdfast.application.booking.hoarding import LetGoHolds
from holdfast.application.booking.reserve import reserve
from holdfast.application.identifiers import uuid7
from holdfast.domain.booking.refusals import (
    IdempotencyKeyReused,
    ReholdTooSoon,
    SeatsUnavailable,
    TooManyHolds,
)
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.infrastructure.postgres.booking.batch_store import PostgresBatchStore
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool

HOME = "198.51.100.7"


async def hold(engine, sale, place, *, user="ann", key=None, address=HOME, limited=True):
    return await reserve(
        engine.booking,
        event_id=sale.event_id,
        user_id=user,
        idempotency_key=key or str(uuid7()),
        seat_ids=(sale.seats[place],),
        address=address,
        limited=limited,
    )


async def let_go_count(redis_url):
    async with Redis.from_url(redis_url) as redis:
        return sum([int(await redis.get(name)) for name in await redis.keys("hoard:let-go:*")])


async def counted(redis_url, count):
    while await let_go_count(redis_url) != count:  # noqa: ASYNC110 - counted in the background
        await asyncio.sleep(0.01)


async def test_an_address_runs_out_of_holds_and_others_do_not(database_url, redis_url):
    async with open_engine(database_url, redis_url, holds_per_address_minute=3) as engine:
        sale = await put_on_sale(engine, 8)
        for place in range(3):
            await hold(engine, sale, place, user=f"guest-{place}")
        with pytest.raises(TooManyHolds) as refusal:
            await hold(engine, sale, 3, user="guest-3")
        assert 1 <= refusal.value.data["retry_after_seconds"] <= 20
        await hold(engine, sale, 3, address="198.51.100.8")
        await hold(engine, sale, 4, address=None)
        await hold(engine, sale, 5, limited=False)
    await assert_promises_hold(database_url)


async def test_a_replay_passes_when_the_budget_is_empty(database_url, redis_url):
    async with open_engine(database_url, redis_url, holds_per_address_minute=1) as engine:
        sale = await put_on_sale(engine)
        first = await hold(engine, sale, 0, key="mine")
        for _ in range(3):
            again = await hold(engine, sale, 0, key="mine")
            assert again.replayed
            assert again.reservation.id == first.reservation.id
        with pytest.raises(IdempotencyKeyReused):
            await hold(engine, sale, 1, key="mine")
        with pytest.raises(TooManyHolds):
            await hold(engine, sale, 1)


async def test_an_empty_budget_is_told_before_anything_about_the_event(database_url, redis_url):
    async with open_engine(database_url, redis_url, holds_per_address_minute=1) as engine:
        sale = await put_on_sale(engine)
        await hold(engine, sale, 0)
        with pytest.raises(TooManyHolds):
            await hold(engine, sale, 0, user="bob")
        with pytest.raises(TooManyHolds):
            await reserve(
                engine.booking,
                event_id=uuid7(),
                user_id="bob",
                idempotency_key="k",
                seat_ids=(uuid7(),),
                address=HOME,
            )


async def test_what_makes_no_hold_costs_nothing(database_url, redis_url):
    """Buyers behind one address who lose a race, or send a request again, do not use up the others' budget."""
    # What is given back comes a little later, and each round asks three times.
    async with open_engine(database_url, redis_url, holds_per_address_minute=6) as engine:
        sale = await put_on_sale(engine, 7)
        await hold(engine, sale, 0, key="mine")
        for _ in range(4):
            with pytest.raises(SeatsUnavailable):
                await hold(engine, sale, 0, user="bob")
            assert (await hold(engine, sale, 0, key="mine")).replayed
            with pytest.raises(EventNotFound):
                await reserve(
                    engine.booking,
                    event_id=uuid7(),
                    user_id="bob",
                    idempotency_key="k",
                    seat_ids=(uuid7(),),
                    address=HOME,
                )
            await engine.booking.hoarding._limits.close(seconds_max=5)  # which waits for what is being given back
        for place in range(1, 6):
            await hold(engine, sale, place)
        with pytest.raises(TooManyHolds):
            await hold(engine, sale, 6)


@pytest.mark.parametrize("budget", [{}, {"holds_per_address_minute": 300}], ids=["default", "300 a minute"])
async def test_300_buyers_behind_one_address_pass(database_url, redis_url, budget):
    async with open_engine(database_url, redis_url, **budget) as engine:
        assert (engine.booking.hoarding is None) == (not budget), "by default, nothing is done for it"
        sale = await put_on_sale(engine, 300)
        held = await asyncio.gather(*(hold(engine, sale, place, user=f"guest-{place}") for place in range(300)))
    assert len(held) == 300


async def test_over_http_both_refusals_say_when_to_come_back(api_where, redis_url):
    async with api_where(holds_per_address_minute=2, rehold_seconds=60, rehold_after=1) as api:
        event_id, seats = await api.event_on_sale(seats=4)
        held = await api.reserve(event_id, seats[:1])
        assert (await api.cancel(held.json()["id"])).status_code == 200
        await counted(redis_url, 1)

        answer = await api.reserve(event_id, seats[:1])
        problem = refused(answer, 409, "rehold_too_soon")
        assert 1 <= int(answer.headers["retry-after"]) == problem["retry_after_seconds"] <= 60

        assert (await api.reserve(event_id, seats[:1], user="bob")).status_code == 201
        answer = await api.reserve(event_id, seats[1:2], user="cid")
        problem = refused(answer, 429, "too_many_holds")
        assert 1 <= int(answer.headers["retry-after"]) == problem["retry_after_seconds"] <= 30


async def test_the_budget_is_that_of_the_client_behind_the_proxy(api_where):
    async with api_where(holds_per_address_minute=1, trusted_proxies="127.0.0.1") as api:
        event_id, seats = await api.event_on_sale(seats=4)

        async def status(seat, address):
            wish = a_wish(event_id=event_id, seat_ids=[seat])
            return (await api.post("/reservations", wish, user="ann", headers={"X-Forwarded-For": address})).status_code

        assert await status(seats[0], "2001:db8:1:2::1") == 201
        assert await status(seats[1], "2001:db8:1:2:ffff::1") == 429, "another address of the same /64"
        assert await status(seats[1], "2001:db8:1:3::1") == 201
        assert await status(seats[2], f"2001:db8:9::9, {HOME}") == 201
        assert await status(seats[3], f"2001:db8:8::8, {HOME}") == 429, "what a client writes itself is not believed"


@pytest.mark.parametrize("how", ["released", "expired"])
async def test_who_lets_holds_go_must_wait(database_url, redis_url, how):
    async with open_engine(database_url, redis_url, rehold_seconds=60, rehold_after=2) as engine:
        sale, other_sale = await put_on_sale(engine), await put_on_sale(engine)
        for count in (1, 2):
            held = await hold(engine, sale, 0)
            if how == "released":
                await cancel(engine.booking, reservation_id=held.reservation.id, user_id="ann")
            else:
                await let_holds_run_out(database_url, held.reservation.id)
                await expire_overdue(engine.booking.batcher, sale.event_id)
            await counted(redis_url, count)
        with pytest.raises(ReholdTooSoon) as refusal:
            await hold(engine, sale, 0)
        assert 1 <= refusal.value.data["retry_after_seconds"] <= 60
        await hold(engine, sale, 0, user="bob")
        await hold(engine, other_sale, 0)


async def test_a_replay_passes_while_its_buyer_must_wait(database_url, redis_url):
    async with open_engine(database_url, redis_url, rehold_seconds=60, rehold_after=1) as engine:
        sale = await put_on_sale(engine)
        await hold(engine, sale, 0, key="kept")
        let_go = await hold(engine, sale, 1)
        await cancel(engine.booking, reservation_id=let_go.reservation.id, user_id="ann")
        await counted(redis_url, 1)
        assert (await hold(engine, sale, 0, key="kept")).replayed
        with pytest.raises(ReholdTooSoon):
            await hold(engine, sale, 2)


async def test_what_was_bought_does_not_count(database_url, redis_url):
    async with open_engine(database_url, redis_url, rehold_seconds=60, rehold_after=1) as engine:
        sale = await put_on_sale(engine)
        for place in range(3):
            held = await hold(engine, sale, place)
            await confirm(engine.booking, reservation_id=held.reservation.id, user_id="ann")
        await hold(engine, sale, 3)
        assert await let_go_count(redis_url) == 0


async def test_holds_that_the_worker_ends_count(database_url, redis_url):
    async with (
        open_engine(database_url, redis_url, rehold_seconds=60, rehold_after=1) as engine,
        open_limits(redis_url, rehold_seconds=60, rehold_after=1) as limits,
    ):
        sale = await put_on_sale(engine)
        await hold(engine, sale, 0)
        await let_holds_run_out(database_url)
        pools = [Pool(database_url, size=1, application_name=name, timeouts=Timeouts()) for name in ("w", "r")]
        expirer = Expirer(PostgresBatchStore(*pools), Bounds(), listeners=[LetGoHolds(limits)])
        ended = await expirer.expire_round(0)
        for pool in pools:
            await pool.close()
        await counted(redis_url, ended)
        if ended:  # else the engine's own map was first
            with pytest.raises(ReholdTooSoon):
                await hold(engine, sale, 0)


async def _refuse_writes(server):
    async with Redis.from_url(server.url) as redis:
        await redis.execute_command("REPLICAOF", "127.0.0.1", "1")
        await redis.client_kill_filter(_type="normal", skipme=True)


async def _no_rights(server):
    async with Redis.from_url(server.url) as redis:
        await redis.execute_command("ACL", "SETUSER", "default", "resetkeys", "~lock:*")


async def _killed(server):
    await asyncio.to_thread(server.kill)


async def _hung(server):
    os.kill(server.pid, signal.SIGSTOP)


@pytest.mark.parametrize("break_it", [_killed, _hung, _refuse_writes, _no_rights], ids=lambda how: how.__name__)
async def test_without_redis_every_hold_is_allowed(database_url, server, break_it):
    limits = {"holds_per_address_minute": 1, "rehold_seconds": 60, "rehold_after": 1}
    async with open_engine(database_url, server.url, redis_call_seconds=0.2, **limits) as engine:
        sale = await put_on_sale(engine)
        first = await hold(engine, sale, 0)
        with pytest.raises(TooManyHolds):
            await hold(engine, sale, 1)
        try:
            await break_it(server)
            await cancel(engine.booking, reservation_id=first.reservation.id, user_id="ann")
            for place in range(4):
                await hold(engine, sale, place)
            assert engine.booking.gate.breaker.open
            await asyncio.sleep(0.6)
            assert engine.booking.gate.breaker.open, "it does not open and close all the while"
        finally:
            if break_it is _hung:
                os.kill(server.pid, signal.SIGCONT)
        if break_it is _hung:
            await until(lambda: not engine.booking.gate.breaker.open)
    await assert_promises_hold(database_url)


async def test_a_redis_that_lost_everything_is_a_fresh_start(database_url, redis_url):
    limits = {"holds_per_address_minute": 1, "rehold_seconds": 60, "rehold_after": 1}
    async with open_engine(database_url, redis_url, **limits) as engine, Redis.from_url(redis_url) as redis:
        sale = await put_on_sale(engine)
        held = await hold(engine, sale, 0)
        await cancel(engine.booking, reservation_id=held.reservation.id, user_id="ann")
        await counted(redis_url, 1)
        await redis.flushall()
        await redis.script_flush()
        await hold(engine, sale, 0)
    await assert_promises_hold(database_url)
