"""Events that are locked by somebody else, and those that would share a transaction with them."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from batching.several_events import (
    SpoiledStore,
    SpoiledTransaction,
    batcher_on,
    put_many_on_sale,
    store_of,
    submit_in_one_turn,
)
from box_office import assert_promises_hold, event_locked, open_engine, until
from holdfast.application.booking.batching.queues import TOGETHER_COMMANDS_MAX
from holdfast.domain.booking.commands import Done


def patient_engine(database_url):
    """An engine that gives up no command while a test holds a lock, however slow the machine is."""
    return open_engine(database_url, queue_wait_seconds_max=30, batch_seconds_max=40, shutdown_seconds=50)


class TestALockedEvent:
    async def test_keeps_no_other_waiting_and_is_served_afterwards(self, database_url):
        async with patient_engine(database_url) as engine:
            locked, *sales = await put_many_on_sale(engine, 4)
            async with event_locked(database_url, locked.event_id):
                wishes = [(sale.event_id, sale.wish(0)) for sale in (locked, *sales)]
                waits, *others = submit_in_one_turn(engine.booking.batcher, wishes)
                answers = await asyncio.gather(*others)
                assert not waits.done()
            outcome, _ = await waits
        assert isinstance(outcome, Done)
        assert all(isinstance(outcome, Done) for outcome, _ in answers)
        await assert_promises_hold(database_url)

    @pytest.mark.parametrize("locked_events", [1, 2])
    async def test_keeps_the_next_commands_of_the_others_not_waiting_either(self, database_url, locked_events):
        """Its transaction waits for the lock; the events it began with have to be free by then."""
        async with patient_engine(database_url) as engine:
            locked = await put_many_on_sale(engine, locked_events)
            sales = await put_many_on_sale(engine, 3)
            async with AsyncExitStack() as stack:
                for sale in locked:
                    await stack.enter_async_context(event_locked(database_url, sale.event_id))
                settled = []
                wishes = [(sale.event_id, sale.wish(0)) for sale in (*locked, *sales)]
                submitted = submit_in_one_turn(engine.booking.batcher, wishes)
                watched = engine.booking.batcher.submit(
                    sales[0].event_id, sales[0].wish(1), on_finished=lambda: settled.append("written")
                )
                await asyncio.gather(watched, *submitted[locked_events:])
                for place in (2, 3):
                    next_wishes = [(sale.event_id, sale.wish(place)) for sale in sales]
                    outcomes = await asyncio.gather(*submit_in_one_turn(engine.booking.batcher, next_wishes))
                    assert all(isinstance(outcome, Done) for outcome, _ in outcomes)
                assert settled == ["written"]
                assert not any(task.done() for task in submitted[:locked_events])
            assert all(isinstance(outcome, Done) for outcome, _ in await asyncio.gather(*submitted[:locked_events]))
        await assert_promises_hold(database_url)

    async def test_keeps_not_waiting_what_gathered_behind_it(self, database_url):
        """Both events gathered commands during one transaction, and the first of them has its next one alone."""
        go_on, lock_is_free = asyncio.Event(), asyncio.Event()

        class Paused(SpoiledTransaction):
            async def load_locked(self, closures):
                await go_on.wait()
                return await self._transaction.load_locked(closures)

            async def lock(self, event_id, **how):
                if event_id == hot.event_id:
                    await lock_is_free.wait()
                return await self._transaction.lock(event_id, **how)

        async with patient_engine(database_url) as engine:
            hot, other = await put_many_on_sale(engine, 2)
            async with batcher_on(SpoiledStore(store_of(engine), step="none", transactions_are=Paused)) as batcher:
                first = submit_in_one_turn(batcher, [(sale.event_id, sale.wish(0)) for sale in (hot, other)])
                await until(lambda: batcher._writers and not batcher.waiting and batcher._patience is None)
                many = [(hot.event_id, hot.wish(1)) for _ in range(TOGETHER_COMMANDS_MAX)]
                waits = submit_in_one_turn(batcher, many)
                (behind,) = submit_in_one_turn(batcher, [(other.event_id, other.wish(1))])
                await asyncio.sleep(0)
                go_on.set()
                await asyncio.gather(*first)
                outcome, _ = await behind
                assert not any(task.done() for task in waits)
                lock_is_free.set()
                await asyncio.gather(*waits)
        assert isinstance(outcome, Done)
        await assert_promises_hold(database_url)
