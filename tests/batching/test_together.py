"""Small batches of several events that are written in one transaction."""

import asyncio
import random
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from box_office import assert_promises_hold, event_locked, open_engine, put_on_sale, reservations_of, sql, until
from holdfast.application.booking.batching.batcher import Batcher
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.batching.queues import TOGETHER_COMMANDS_MAX
from holdfast.application.failures import ConnectionLost
from holdfast.application.identifiers import uuid7
from holdfast.domain.booking.commands import Cancel, Confirm, Done, Refused
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.telemetry import metrics


def transactions() -> float:
    return metrics.batches_total._value.get()


async def put_many_on_sale(engine, events, seats=4):
    return [await put_on_sale(engine, seats) for _ in range(events)]


def submit_in_one_turn(batcher, commands):
    """Submit (event, command) pairs before the batcher can start writing any of them."""
    return [asyncio.create_task(batcher.submit(event_id, command)) for event_id, command in commands]


async def sold(database_url):
    """How many reservations there are of each event."""
    rows = await sql(database_url, "SELECT event_id, count(*) AS many FROM reservations GROUP BY event_id")
    return {row["event_id"]: row["many"] for row in rows}


@asynccontextmanager
async def batcher_on(store, **bounds):
    batcher = Batcher(store, Bounds(**bounds))
    try:
        yield batcher
    finally:
        await batcher.close(seconds_max=5)


def store_of(engine):
    return engine.booking.batcher._runner._store


class _Spoiled:
    """The real store, whose transactions on several events fail at one step."""

    def __init__(self, store, *, step, after=False, transactions_are=None):
        self._store = store
        self._step = step
        self._after = after
        self._transactions_are = transactions_are or _SpoiledTransaction
        self.failures = 0

    @asynccontextmanager
    async def transaction(self):
        async with self._store.transaction() as transaction:
            yield self._transactions_are(transaction, self)

    async def fail_at(self, step, call):
        if step != self._step:
            return await call()
        if self._after:
            await call()
        self.failures += 1
        raise ConnectionLost("spoiled") if step == "commit" else ZeroDivisionError


class _SpoiledTransaction:
    def __init__(self, transaction, spoiled):
        self._transaction = transaction
        self._spoiled = spoiled
        self._together = False

    def __getattr__(self, name):
        return getattr(self._transaction, name)

    async def lock_idle(self, event_ids):
        self._together = True
        await self._transaction.lock_idle(event_ids)

    async def load_locked(self, closures):
        return await self._spoiled.fail_at("load_locked", lambda: self._transaction.load_locked(closures))

    async def store_together(self, changes, now):
        return await self._spoiled.fail_at("store_together", lambda: self._transaction.store_together(changes, now))

    async def commit(self):
        step = "commit" if self._together else "commit of one"
        await self._spoiled.fail_at(step, self._transaction.commit)


async def test_commands_of_events_that_wait_at_the_same_time_share_a_transaction(database_url):
    async with open_engine(database_url) as engine:
        sales = await put_many_on_sale(engine, 5)
        before = transactions()
        wishes = [(sale.event_id, sale.wish(place)) for place in range(2) for sale in sales]
        answers = await asyncio.gather(*submit_in_one_turn(engine.booking.batcher, wishes))
        assert transactions() == before + 1
    assert all(isinstance(outcome, Done) for outcome, _ in answers)
    assert len({batch for _, batch in answers}) == 1
    assert await sold(database_url) == {sale.event_id: 2 for sale in sales}
    await assert_promises_hold(database_url)


async def test_what_waits_for_the_only_transaction_goes_together_in_the_next(database_url):
    is_under_way, go_on = asyncio.Event(), asyncio.Event()

    class Paused(_SpoiledTransaction):
        async def lock(self, event_id, **how):
            is_under_way.set()
            await go_on.wait()
            return await self._transaction.lock(event_id, **how)

    async with open_engine(database_url) as engine:
        first, *sales = await put_many_on_sale(engine, 5)
        store = _Spoiled(store_of(engine), step="none", transactions_are=Paused)
        async with batcher_on(store, batches_at_once=1) as batcher:
            (blocking,) = submit_in_one_turn(batcher, [(first.event_id, first.wish(0))])
            await is_under_way.wait()
            answers = submit_in_one_turn(batcher, [(sale.event_id, sale.wish(0)) for sale in sales])
            await asyncio.sleep(0)
            go_on.set()
            _, number = await blocking
            assert {batch for _, batch in await asyncio.gather(*answers)} == {number + 1}
    await assert_promises_hold(database_url)


class TestALockedEvent:
    async def test_keeps_no_other_waiting_and_is_served_afterwards(self, database_url):
        async with open_engine(database_url) as engine:
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
        async with open_engine(database_url) as engine:
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

        class Paused(_SpoiledTransaction):
            async def load_locked(self, closures):
                await go_on.wait()
                return await self._transaction.load_locked(closures)

            async def lock(self, event_id, **how):
                if event_id == hot.event_id:
                    await lock_is_free.wait()
                return await self._transaction.lock(event_id, **how)

        async with open_engine(database_url) as engine:
            hot, other = await put_many_on_sale(engine, 2)
            async with batcher_on(_Spoiled(store_of(engine), step="none", transactions_are=Paused)) as batcher:
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


async def test_an_event_that_does_not_exist_is_refused_and_the_others_are_served(database_url):
    async with open_engine(database_url) as engine:
        sales = await put_many_on_sale(engine, 3)
        wishes = [(uuid7(), sales[0].wish(1)), *((sale.event_id, sale.wish(0)) for sale in sales)]
        (nowhere, _), *answers = await asyncio.gather(*submit_in_one_turn(engine.booking.batcher, wishes))
    assert isinstance(nowhere, Refused)
    assert isinstance(nowhere.refusal, EventNotFound)
    assert all(isinstance(outcome, Done) for outcome, _ in answers)
    await assert_promises_hold(database_url)


async def test_holds_confirmations_and_cancellations_of_several_events_are_each_done(database_url):
    async with open_engine(database_url) as engine:
        sales = await put_many_on_sale(engine, 4)
        held = [await sale.reserve(engine, 0) for sale in sales]
        before = transactions()
        (new, confirmed, cancelled, both), (first, second, third, _) = sales, [one.reservation.id for one in held]
        commands = [
            (new.event_id, new.wish(1, 2)),
            (confirmed.event_id, Confirm(second, "ann")),
            (cancelled.event_id, Cancel(third, "ann")),
            (both.event_id, Cancel(held[3].reservation.id, "ann")),
            (both.event_id, both.wish(0, user="bob")),
            (new.event_id, new.wish(0, user="bob")),
        ]
        *done, (refused, _) = await asyncio.gather(*submit_in_one_turn(engine.booking.batcher, commands))
        assert transactions() == before + 1
        assert all(isinstance(outcome, Done) for outcome, _ in done)
        assert isinstance(refused, Refused)
    statuses = [[row["status"] for row in await reservations_of(database_url, sale.event_id)] for sale in sales]
    assert statuses == [["pending", "pending"], ["confirmed"], ["cancelled"], ["cancelled", "pending"]]
    assert first == (await reservations_of(database_url, new.event_id))[0]["id"]
    await assert_promises_hold(database_url)


@pytest.mark.parametrize(
    ("step", "after"),
    [("load_locked", False), ("store_together", False), ("store_together", True), ("commit", False), ("commit", True)],
)
async def test_a_group_that_fails_is_written_event_by_event_and_nothing_twice(database_url, step, after):
    async with open_engine(database_url) as engine:
        sales = await put_many_on_sale(engine, 4)
        spoiled = _Spoiled(store_of(engine), step=step, after=after)
        async with batcher_on(spoiled) as batcher:
            wishes = [(sale.event_id, sale.wish(place)) for sale in sales for place in range(2)]
            answers = await asyncio.gather(*submit_in_one_turn(batcher, wishes))
    assert spoiled.failures == 1
    assert all(isinstance(outcome, Done) and not outcome.replayed for outcome, _ in answers)
    assert await sold(database_url) == {sale.event_id: 2 for sale in sales}
    await assert_promises_hold(database_url)


class TestBounds:
    async def test_one_event_at_most_writes_each_alone(self, database_url):
        async with open_engine(database_url) as engine:
            sales = await put_many_on_sale(engine, 4)
            async with batcher_on(store_of(engine), events_max=1) as batcher:
                wishes = [(sale.event_id, sale.wish(0)) for sale in sales]
                before = transactions()
                answers = await asyncio.gather(*submit_in_one_turn(batcher, wishes))
                assert transactions() == before + 4
        assert len({batch for _, batch in answers}) == 4

    async def test_an_event_with_many_commands_has_its_own_transaction(self, database_url):
        async with open_engine(database_url) as engine:
            hot = await put_on_sale(engine, TOGETHER_COMMANDS_MAX + 1)
            sales = await put_many_on_sale(engine, 3)
            wishes = [
                *((sale.event_id, sale.wish(0)) for sale in sales[:2]),
                *((hot.event_id, hot.wish(place)) for place in range(TOGETHER_COMMANDS_MAX + 1)),
                (sales[2].event_id, sales[2].wish(0)),
            ]
            answers = await asyncio.gather(*submit_in_one_turn(engine.booking.batcher, wishes))
        numbers = [batch for _, batch in answers]
        assert numbers[0] == numbers[1]
        assert len(set(numbers[2:-1])) == 1
        assert len({numbers[0], numbers[2], numbers[-1]}) == 3
        await assert_promises_hold(database_url)


async def test_two_nodes_that_race_on_the_same_events_sell_each_seat_once(database_url):
    chance = random.Random(7)
    async with open_engine(database_url) as engine, open_engine(database_url) as other:
        sales = await put_many_on_sale(engine, 8, seats=6)
        made = []

        async def buy(node, number):
            for _ in range(6):
                sale = chance.choice(sales)
                places = chance.sample(range(6), chance.choice([1, 2]))
                outcome, _ = await node.booking.batcher.submit(sale.event_id, sale.wish(*places, user=f"user-{number}"))
                if isinstance(outcome, Done):
                    made.extend(outcome.reservation.seat_ids)

        await asyncio.gather(*(buy(node, number) for number in range(20) for node in (engine, other)))
    assert len(made) == len(set(made)) > 0
    rows = await sql(database_url, "SELECT unnest(seat_ids) AS seat_id FROM reservations")
    assert sorted(row["seat_id"] for row in rows) == sorted(made)
    await assert_promises_hold(database_url)
