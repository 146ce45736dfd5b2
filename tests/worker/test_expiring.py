"""The worker expires overdue holds: each once, one event per transaction, without delaying buyers."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from structlog.testing import capture_logs

from box_office import (
    assert_promises_hold,
    event_locked,
    let_holds_run_out,
    open_engine,
    put_on_sale,
    reservations_of,
    sql,
    until,
)
from faults.proxy import between
from faults.saboteur import fail
from holdfast.application.booking import expire as expiring
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.expire import Expirer, expire_overdue
from holdfast.application.failures import ConnectionLost
from holdfast.infrastructure.postgres.booking.batch_store import PostgresBatchStore
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.worker.expire_holds import expire_holds


@asynccontextmanager
async def expirer_on(database_url):
    """A worker's expirer, with connections of its own."""
    pools = [
        Pool(database_url, size=1, application_name=f"worker-{kind}", timeouts=Timeouts()) for kind in ("write", "read")
    ]
    try:
        yield Expirer(PostgresBatchStore(*pools), Bounds())
    finally:
        for pool in pools:
            await pool.close()


async def hold_all(database_url, engine, sales, seats=4):
    for sale in sales:
        await asyncio.gather(*(sale.reserve(engine, place, user=f"user-{place}") for place in range(seats)))
    await let_holds_run_out(database_url)


async def ended(database_url, sale):
    return [row["cancel_reason"] for row in await reservations_of(database_url, sale.event_id)]


async def test_three_expirers_at_once_end_every_hold_once(database_url):
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(database_url))
        sales = [await put_on_sale(engine, 10) for _ in range(6)]
        await hold_all(database_url, engine, sales, seats=10)
        expirers = [await stack.enter_async_context(expirer_on(database_url)) for _ in range(3)]
        counts = await asyncio.gather(*(expirer.expire_round(0) for expirer in expirers))
        counts.append(await expirers[0].expire_round(0))
    assert sum(counts) == 60
    log = await sql(database_url, "SELECT reservation_id FROM changes WHERE kind = 'expired'")
    assert len({row["reservation_id"] for row in log}) == len(log) == 60
    await assert_promises_hold(database_url)


async def test_live_holds_and_sold_seats_stay(database_url):
    async with open_engine(database_url) as engine, expirer_on(database_url) as expirer:
        sale = await put_on_sale(engine)
        overdue, live = await sale.reserve(engine, 0), await sale.reserve(engine, 1)
        await let_holds_run_out(database_url, overdue.reservation.id)
        assert await expirer.expire_round(0) == 1
        assert await expirer.expire_round(1) == 0
        assert (await engine.views.reads.reservation(live.reservation.id, "ann"))[0].status == "pending"


async def test_an_event_that_is_locked_is_skipped_and_after_a_while_waited_for(database_url):
    async with open_engine(database_url) as engine, expirer_on(database_url) as expirer:
        busy, quiet = await put_on_sale(engine), await put_on_sale(engine)
        await hold_all(database_url, engine, [busy, quiet])
        async with event_locked(database_url, busy.event_id):
            with capture_logs() as logs:
                assert await expirer.expire_round(100.0) == 4, "the other event is served"
                assert await expirer.expire_round(101.9) == 0
            assert logs == [], "nothing was waited for in vain"
            waiting = asyncio.create_task(expirer.expire_round(102.0))
            await _until_somebody_waits(database_url)
            assert not waiting.done()
        assert await waiting == 4
    assert await ended(database_url, busy) == ["expired"] * 4
    await assert_promises_hold(database_url)


async def test_an_event_that_was_served_is_skipped_anew(database_url):
    async with open_engine(database_url) as engine, expirer_on(database_url) as expirer:
        sale = await put_on_sale(engine)
        await hold_all(database_url, engine, [sale], seats=1)
        async with event_locked(database_url, sale.event_id):
            assert await expirer.expire_round(100.0) == 0
        assert await expirer.expire_round(101.0) == 1
        await sale.reserve(engine, 0)
        await let_holds_run_out(database_url)
        async with event_locked(database_url, sale.event_id):
            assert await expirer.expire_round(102.5) == 0
        assert await expirer.expire_round(103.0) == 1


async def test_each_event_is_a_transaction_of_its_own_and_a_long_list_takes_several(database_url, monkeypatch):
    monkeypatch.setattr(expiring, "HOLDS_MAX", 3)
    async with between(database_url) as proxy, open_engine(database_url) as engine, expirer_on(proxy.url) as expirer:
        sales = [await put_on_sale(engine, 7), await put_on_sale(engine, 3), await put_on_sale(engine, 2)]
        for sale, seats in zip(sales, (7, 3, 2), strict=True):
            await asyncio.gather(*(sale.reserve(engine, place) for place in range(seats)))
        await let_holds_run_out(database_url)
        assert await expirer.expire_round(0) == 12
        assert proxy.requests["commit"] == 3 + 2 + 1
        assert proxy.cancel_requests == 0
    await assert_promises_hold(database_url)


async def test_the_longest_overdue_come_first_and_a_round_has_an_end(database_url, monkeypatch):
    monkeypatch.setattr(expiring, "EVENTS_MAX", 1)
    async with open_engine(database_url) as engine, expirer_on(database_url) as expirer:
        sales = [await put_on_sale(engine) for _ in range(2)]
        made = [await sale.reserve(engine, 0) for sale in sales]
        await let_holds_run_out(database_url, made[0].reservation.id, seconds=5)
        await let_holds_run_out(database_url, made[1].reservation.id, seconds=50)
        assert await expirer.expire_round(0) == 1
        assert (await ended(database_url, sales[0]), await ended(database_url, sales[1])) == ([None], ["expired"])


async def test_an_event_that_fails_keeps_no_other_waiting(database_url):
    async with open_engine(database_url) as engine, expirer_on(database_url) as expirer:
        sales = [await put_on_sale(engine) for _ in range(3)]
        await hold_all(database_url, engine, sales, seats=2)
        cursed = sales[1].event_id
        for sqlstate in ("40001", "P0001", "23514"):
            await fail(database_url, sqlstate=sqlstate, times=1, when=f"NEW.event_id = '{cursed}'")
            with capture_logs() as logs:
                await expirer.expire_round(0)
            assert [entry["event_id"] for entry in logs if entry["event"] == "expire_event_failed"] == [str(cursed)]
            assert await ended(database_url, sales[0]) == await ended(database_url, sales[2]) == ["expired"] * 2
            await sql(
                database_url,
                "DROP TRIGGER sabotage ON changes; DROP FUNCTION sabotage; DROP SEQUENCE sabotages",
            )
        assert await expirer.expire_round(0) == 2
    await assert_promises_hold(database_url)


async def test_a_round_without_a_database_is_given_up(database_url):
    async with between(database_url) as proxy, open_engine(database_url) as engine, expirer_on(proxy.url) as expirer:
        sale = await put_on_sale(engine)
        await hold_all(database_url, engine, [sale])
        proxy.arm("request", "commit")
        with pytest.raises(ConnectionLost):
            await expirer.expire_round(0)
        # For as long as PostgreSQL has not noticed that the connection is gone, the event is locked and left out.
        counts = [await expirer.expire_round(1)]
        while counts[-1] == 0:
            counts.append(await expirer.expire_round(1))
        assert counts[-1] == 4


async def test_the_worker_goes_on_until_it_is_told_to_stop(database_url):
    stop = asyncio.Event()
    async with between(database_url) as proxy, open_engine(database_url) as engine, expirer_on(proxy.url) as expirer:
        sale = await put_on_sale(engine)
        await hold_all(database_url, engine, [sale])
        proxy.arm("request", "lock")
        with capture_logs() as logs:
            worker = asyncio.create_task(expire_holds(expirer, stop=stop))
            await until(lambda: any(entry["event"] == "holds_expired" for entry in logs))
            stop.set()
            await worker
    told = [entry["event"] for entry in logs if entry["event"] in {"expire_round_failed", "holds_expired"}]
    assert told == ["expire_round_failed", "holds_expired"]
    assert await ended(database_url, sale) == ["expired"] * 4


async def test_a_bug_in_one_round_does_not_end_the_next(database_url, monkeypatch):
    stop = asyncio.Event()
    async with open_engine(database_url) as engine, expirer_on(database_url) as expirer:
        sale = await put_on_sale(engine)
        await hold_all(database_url, engine, [sale])
        looks = iter([ZeroDivisionError("a bug"), LookupError("another")])
        look = expirer.store.quiet_overdue_events

        async def poisonous(events_max):
            for failure in looks:
                raise failure
            return await look(events_max)

        monkeypatch.setattr(expirer.store, "quiet_overdue_events", poisonous)
        with capture_logs() as logs:
            worker = asyncio.create_task(expire_holds(expirer, stop=stop))
            await until(lambda: any(entry["event"] == "holds_expired" for entry in logs))
            stop.set()
            await worker
    assert [entry["event"] for entry in logs] == ["expire_round_failed", "expire_round_failed", "holds_expired"]


async def test_a_reader_who_sees_an_overdue_hold_has_it_ended(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await hold_all(database_url, engine, [sale])
        await expire_overdue(engine.booking.batcher, sale.event_id)
    assert await ended(database_url, sale) == ["expired"] * 4


async def _until_somebody_waits(database_url):
    for _ in range(200):
        if await sql(
            database_url,
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
        ):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


async def test_however_many_events_are_locked_the_others_are_served_in_the_same_round(database_url, monkeypatch):
    """The worker once waited for every lock until its time-out: a hundred locked events delayed others by minutes."""
    waits = []
    write_batch = expiring.write_batch

    async def noting(*arguments, wait_seconds, **keywords):
        waits.append(wait_seconds)
        return await write_batch(*arguments, wait_seconds=wait_seconds, **keywords)

    monkeypatch.setattr(expiring, "write_batch", noting)
    async with open_engine(database_url) as engine, expirer_on(database_url) as expirer:
        *locked, quiet = [await put_on_sale(engine) for _ in range(6)]
        expirer.wait_seconds_max = 0.2
        await hold_all(database_url, engine, locked, seats=1)
        async with AsyncExitStack() as stack:
            for sale in locked:
                await stack.enter_async_context(event_locked(database_url, sale.event_id))
            assert await expirer.expire_round(100.0) == 0
            await hold_all(database_url, engine, [quiet], seats=1)
            waits.clear()
            assert await expirer.expire_round(102.0) == 1
            assert sum(map(bool, waits)) == 1, "one of them is waited for"
        assert await expirer.expire_round(103.0) == len(locked)
