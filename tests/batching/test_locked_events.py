"""Events that another session has locked occupy no writer: they wait separately, and do not hold up other events."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from box_office import assert_promises_hold, event_locked, open_engine, outcome_of, put_on_sale, reservations_of, until
from holdfast.application.identifiers import uuid7
from holdfast.domain.booking.commands import Done, Expire

PATIENT = {"queue_wait_seconds_max": 30, "batch_seconds_max": 60}
"""On a busy machine nobody's time may run out while a test still prepares what it looks at."""


@asynccontextmanager
async def events_locked(database_url, sales):
    """Lock many events from another session, in one transaction."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            for sale in sales:
                await connection.execute("SELECT 1 FROM events WHERE id = $1 FOR NO KEY UPDATE", sale.event_id)
            yield
    finally:
        await connection.close()


def submit(engine, sale, place, **of):
    return asyncio.create_task(engine.booking.batcher.submit(sale.event_id, sale.wish(place, **of)))


async def all_parked(engine, events):
    """One of them is being waited for, and the others are tried again now and then."""
    await until(
        lambda: (
            engine.booking.batcher._locked.waiter is not None
            and len(engine.booking.batcher._locked._batches) == events - 1
        )
    )


@pytest.mark.parametrize("together", [True, False], ids=["at once", "one after the other"])
@pytest.mark.parametrize("events", [4, 10, 60])
async def test_however_many_are_locked_a_free_one_is_written_as_ever(database_url, events, together):
    async with open_engine(database_url, **PATIENT) as engine:
        free, *locked = [await put_on_sale(engine, 100) for _ in range(events + 1)]
        loop = asyncio.get_running_loop()

        async def seconds_for(places):
            began = loop.time()
            for place in places:
                await free.reserve(engine, place)
            return loop.time() - began

        await seconds_for(range(10))
        alone = await seconds_for(range(10, 40))
        async with events_locked(database_url, locked):
            waiting = []
            for sale in locked:
                waiting.append(submit(engine, sale, 0))
                if not together:
                    await asyncio.sleep(0)
            await all_parked(engine, events)
            beside = await seconds_for(range(40, 70))
            assert not any(task.done() for task in waiting)
        answers = await asyncio.gather(*waiting)
    assert all(isinstance(outcome, Done) for outcome, _ in answers)
    assert beside < 6 * alone + 0.5
    await assert_promises_hold(database_url)


async def test_no_writer_is_kept(database_url):
    async with open_engine(database_url, write_pool_size=1, **PATIENT) as engine:
        free, *locked = [await put_on_sale(engine) for _ in range(4)]
        async with events_locked(database_url, locked):
            waiting = [submit(engine, sale, 0) for sale in locked]
            await all_parked(engine, 3)
            for place in range(4):
                assert isinstance((await submit(engine, free, place))[0], Done)
        await asyncio.gather(*waiting)


async def test_what_waits_is_written_in_its_order_once_the_event_is_free(database_url):
    async with open_engine(database_url, **PATIENT) as engine:
        sale = await put_on_sale(engine)
        async with event_locked(database_url, sale.event_id):
            first = submit(engine, sale, 0, user="first")
            await all_parked(engine, 1)
            later = [submit(engine, sale, 0, user=f"later-{number}") for number in range(3)]
            await asyncio.sleep(0.05)
        assert isinstance((await first)[0], Done), "who came first has it"
        await asyncio.gather(*later)
    assert [row["user_id"] for row in await reservations_of(database_url, sale.event_id)] == ["first"]


@pytest.mark.parametrize("events", [1, 3])
async def test_who_waits_too_long_for_a_lock_is_told_that_nothing_happened(database_url, events):
    async with open_engine(database_url, queue_wait_seconds_max=0.3, batch_seconds_max=3600) as engine:
        sales = [await put_on_sale(engine) for _ in range(events)]
        async with events_locked(database_url, sales):
            in_batch = [submit(engine, sale, 0) for sale in sales]
            await asyncio.sleep(0)
            await until(lambda: not engine.booking.batcher.waiting)
            behind = [submit(engine, sale, 1) for sale in sales]
            answers = await asyncio.gather(*(outcome_of(task) for task in [*in_batch, *behind]))
            assert answers == ["none"] * 2 * events
            await until(lambda: not engine.booking.batcher._runner.under_way)
        for sale in sales:
            assert isinstance((await submit(engine, sale, 2))[0], Done), "and the event goes on"
            assert len(await reservations_of(database_url, sale.event_id)) == 1


async def test_two_nodes_share_a_hot_event(database_url):
    """Each nearly always finds it locked by the other, yet both make progress."""
    async with open_engine(database_url, **PATIENT) as one, open_engine(database_url, **PATIENT) as other:
        sale = await put_on_sale(one, 400)
        places = iter(range(400))

        async def buy(engine):
            for _ in range(20):
                outcome, _ = await engine.booking.batcher.submit(sale.event_id, sale.wish(next(places)))
                assert isinstance(outcome, Done)

        await asyncio.gather(*(buy(engine) for engine in (one, other) for _ in range(10)))
    await assert_promises_hold(database_url)


async def test_events_that_never_were_do_not_stand_in_the_line(database_url):
    async with open_engine(database_url, **PATIENT) as engine:
        sale, *locked = [await put_on_sale(engine) for _ in range(3)]
        async with events_locked(database_url, locked):
            waiting = [submit(engine, one, 0) for one in locked]
            await all_parked(engine, 2)
            for _ in range(5):
                outcome, _ = await engine.booking.batcher.submit(uuid7(), sale.wish(0))
                assert not isinstance(outcome, Done)
            assert len(engine.booking.batcher._runner.under_way) == 2, "only those that are locked wait"
        await asyncio.gather(*waiting)


async def test_a_desk_closes_with_events_locked(database_url):
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(
            open_engine(database_url, shutdown_seconds=0.3, queue_wait_seconds_max=30, batch_seconds_max=3600)
        )
        sales = [await put_on_sale(engine) for _ in range(3)]
        async with events_locked(database_url, sales):
            waiting = [asyncio.create_task(outcome_of(submit(engine, sale, 0))) for sale in sales]
            await all_parked(engine, 3)
            await stack.aclose()
            assert await asyncio.gather(*waiting) == ["none"] * 3
    for sale in sales:
        assert await reservations_of(database_url, sale.event_id) == []


class TestWhoseCallersHaveGone:
    async def test_leave_the_queue_at_once(self, database_url):
        settled = []
        async with open_engine(database_url, event_queue_max=50, **PATIENT) as engine:
            sale = await put_on_sale(engine, 60)
            async with event_locked(database_url, sale.event_id):
                first = asyncio.create_task(engine.booking.batcher.submit(sale.event_id, Expire(1)))
                await all_parked(engine, 1)
                for turn in range(3):  # more than the queue has room for, had they stayed
                    gone = [
                        asyncio.create_task(
                            engine.booking.batcher.submit(
                                sale.event_id, sale.wish(place), on_finished=lambda: settled.append(1)
                            )
                        )
                        for place in range(40)
                    ]
                    await asyncio.sleep(0)
                    assert engine.booking.batcher.waiting == 40
                    for task in gone:
                        task.cancel()
                    await asyncio.gather(*gone, return_exceptions=True)
                    assert (engine.booking.batcher.waiting, len(settled)) == (0, 40 * (turn + 1))
            await first
            outcome, _ = await engine.booking.batcher.submit(sale.event_id, sale.wish(0))
            assert isinstance(outcome, Done)
        assert len(await reservations_of(database_url, sale.event_id)) == 1

    async def test_get_no_seat_when_their_batch_still_waits_for_a_lock(self, database_url):
        """Of some locked events, so that not all are being waited for at this moment."""
        async with open_engine(database_url, **PATIENT) as engine:
            sales = [await put_on_sale(engine) for _ in range(4)]
            async with events_locked(database_url, sales):
                gone = [submit(engine, sale, 0) for sale in sales]
                await all_parked(engine, 4)
                for task in gone:
                    task.cancel()
                await asyncio.gather(*gone, return_exceptions=True)
            await until(lambda: not engine.booking.batcher._runner.under_way)
        stored = [len(await reservations_of(database_url, sale.event_id)) for sale in sales]
        assert sum(stored) <= 1, "one at most was on its way"
