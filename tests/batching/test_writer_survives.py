"""Whatever exception is raised in the writer, commands get a response, events go on, and no writer is lost.

Every call and every wait of the writer is made to fail in turn; then a seeded simulation fails them at random.
"""

import asyncio
import random
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from box_office import assert_promises_hold, open_engine, put_on_sale, sql
from holdfast.application.booking.batching import batch as batch_module
from holdfast.application.booking.batching import batch_runner
from holdfast.application.booking.batching import batcher as batcher_module
from holdfast.application.booking.batching.batcher import Batcher
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.failures import ConnectionLost, Contended, GuardMismatch, Obstructed, Unavailable
from holdfast.domain.booking.commands import Cancel, Confirm, Done, Reserve
from holdfast.telemetry import metrics

POINTS = [
    (batch_module.Batch, "begin"),
    (batch_module.Batch, "answer"),
    (batch_module.Batch, "divide"),
    (batch_module.Batch, "leave_out_answered"),
    (batcher_module, "span_of"),
    (batcher_module.context, "begin"),
    (metrics.batch_commands, "observe"),
    (metrics.batch_wait_seconds, "observe"),
    (metrics.batch_duration_seconds, "observe"),
    (metrics.batches_total, "inc"),
    (metrics.unknown_outcomes_total, "inc"),
    (batch_runner, "_count_expired"),
    (batch_runner, "persist"),
    (batch_runner, "write_together"),
]


class Flawed:
    """The real store, that fails, or hangs for a moment, wherever `chance` says so."""

    def __init__(self, store, fail):
        self._store, self._fail = store, fail

    @asynccontextmanager
    async def transaction(self):
        await self._fail("begin")
        async with self._store.transaction() as transaction:
            yield FlawedTransaction(transaction, self._fail)
        await self._fail("end")


class FlawedTransaction:
    def __init__(self, transaction, fail):
        self._transaction, self._fail = transaction, fail

    def __getattr__(self, name):
        async def call(*arguments, **keywords):
            await self._fail(name)
            given = await getattr(self._transaction, name)(*arguments, **keywords)
            await self._fail(f"after {name}")
            return given

        return call


class Listener:
    def committed(self, event_id, changes):
        pass


async def told(task):
    try:
        outcome, _ = await asyncio.wait_for(task, 20)
    except Unavailable as unavailable:
        return unavailable.outcome
    except TimeoutError:
        return "never"
    except Exception:  # noqa: BLE001 - a 500
        return "500"
    return outcome


def left_over(batcher):
    return {
        "events": dict(batcher._queues._queues),
        "under way": set(batcher._runner.under_way),
        "locked": dict(batcher._locked._batches),
        "waiting": batcher.waiting,
        "slots": batcher._free_slots - batcher._bounds.batches_at_once,
    }


NOTHING = {"events": {}, "under way": set(), "locked": {}, "waiting": 0, "slots": 0}


async def at_rest(batcher):
    while left_over(batcher) != NOTHING:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("target", POINTS, ids=lambda target: f"{getattr(target[0], '__name__', '')} {target[1]}")
@pytest.mark.parametrize("events", [1, 3])
async def test_a_call_that_fails_strands_no_event(database_url, monkeypatch, target, events):
    owner, name = target
    settled = []
    async with open_engine(database_url) as engine:
        sales = [await put_on_sale(engine) for _ in range(events)]
        batcher = Batcher(engine.booking.batcher._runner._store, Bounds(), listeners=[Listener()])
        with capture_logs(), monkeypatch.context() as patched:
            real, times = getattr(owner, name), 0

            def fail_once(*arguments, **keywords):
                nonlocal times
                times += 1
                if times == 1:
                    raise ZeroDivisionError
                return real(*arguments, **keywords)

            patched.setattr(owner, name, fail_once)
            wishes = [(sale, place) for sale in sales for place in range(2)]
            tasks = [
                asyncio.create_task(
                    batcher.submit(sale.event_id, sale.wish(place), on_finished=lambda: settled.append(1))
                )
                for sale, place in wishes
            ]
            answers = await asyncio.gather(*map(told, tasks))
            assert "never" not in answers
            await asyncio.wait_for(at_rest(batcher), 20)
        for sale in sales:
            outcome, _ = await batcher.submit(sale.event_id, sale.wish(3))
            assert isinstance(outcome, Done)
        await batcher.close(seconds_max=5)
    assert len(settled) == len(tasks)
    stored = {row["id"] for row in await sql(database_url, "SELECT id FROM reservations")}
    for answer in answers:
        assert not isinstance(answer, Done) or answer.reservation.id in stored
    assert answers.count("none") + answers.count("500") <= len(tasks) + events - len(stored)
    await assert_promises_hold(database_url)


async def test_a_callback_and_a_listener_that_fail_cost_nothing(database_url):
    class Failing:
        def committed(self, _event_id, _changes):
            raise ZeroDivisionError

    def fail():
        raise ZeroDivisionError

    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        batcher = Batcher(engine.booking.batcher._runner._store, Bounds(), listeners=[Failing(), Failing()])
        with capture_logs():
            tasks = [
                asyncio.create_task(batcher.submit(sale.event_id, sale.wish(place), on_finished=fail))
                for place in range(3)
            ]
            assert all(isinstance(outcome, Done) for outcome, _ in await asyncio.gather(*tasks))
            await asyncio.wait_for(at_rest(batcher), 20)
        await batcher.close(seconds_max=5)


async def test_a_writer_that_is_cancelled_answers_and_returns_its_place(database_url):
    hangs = asyncio.Event()

    async def hang(step):
        if step == "load":
            hangs.set()
            await asyncio.sleep(3600)

    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        batcher = Batcher(Flawed(engine.booking.batcher._runner._store, hang), Bounds())
        task = asyncio.create_task(batcher.submit(sale.event_id, sale.wish(0)))
        await hangs.wait()
        for writer in tuple(batcher._writers):
            writer.cancel()
        assert await told(task) == "none"
        await asyncio.wait_for(at_rest(batcher), 20)
        await batcher.close(seconds_max=5)


FAILURES = [ConnectionLost, Contended, Obstructed, GuardMismatch, ZeroDivisionError]


class Trade:
    """Buyers of several events on two nodes whose stores fail at random; some disconnect, some events are locked."""

    def __init__(self, chance, sales, store):
        self.chance, self.sales = chance, sales
        self.failing = True
        self.answers = []
        self._store = store
        bounds = Bounds(batch_seconds_max=2.0, batches_at_once=2)
        self.nodes = [Batcher(Flawed(store, self._fail), bounds) for _ in range(2)]

    async def _fail(self, step):
        if self.failing and self.chance.random() < 0.04:
            if self.chance.random() < 0.3:
                await asyncio.sleep(self.chance.random() * 0.05)
            else:
                raise self.chance.choice(FAILURES)(step)

    async def buy(self, user):
        mine = []
        for _ in range(5):
            sale, command = self._wanted(user, mine)
            task = asyncio.create_task(self.chance.choice(self.nodes).submit(sale.event_id, command))
            if self.chance.random() < 0.15:
                await asyncio.sleep(self.chance.random() * 0.02)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                continue
            answer = await told(task)
            self.answers.append((command, answer))
            if isinstance(command, Reserve) and isinstance(answer, Done):
                mine.append((sale, answer))

    def _wanted(self, user, mine):
        if mine and self.chance.random() < 0.4:
            sale, held = self.chance.choice(mine)
            return sale, self.chance.choice([Confirm, Cancel])(held.reservation.id, user)
        sale = self.chance.choice(self.sales)
        return sale, sale.wish(*self.chance.sample(range(12), self.chance.choice([1, 1, 3])), user=user)

    async def lock_now_and_then(self):
        while self.failing:
            async with self._store.transaction() as transaction:
                await transaction.lock(self.chance.choice(self.sales).event_id)
                await asyncio.sleep(0.03)
            await asyncio.sleep(0.02)

    async def run(self):
        locking = asyncio.create_task(self.lock_now_and_then())
        await asyncio.gather(*(self.buy(f"user-{number}") for number in range(12)))
        self.failing = False
        await locking
        for batcher in self.nodes:
            await asyncio.wait_for(at_rest(batcher), 20)
            await batcher.close(seconds_max=5)


@pytest.mark.parametrize("seed", range(6))
async def test_no_failure_anywhere_breaks_a_promise(database_url, seed):
    async with open_engine(database_url) as engine:
        sales = [await put_on_sale(engine, 12) for _ in range(5)]
        trade = Trade(random.Random(seed), sales, engine.booking.batcher._runner._store)
        with capture_logs():
            await trade.run()
    stored = {row["id"] for row in await sql(database_url, "SELECT id FROM reservations")}
    for command, answer in trade.answers:
        assert answer != "never"
        if not isinstance(command, Reserve):
            continue
        if isinstance(answer, Done):
            assert answer.reservation.id in stored
        elif answer != "unknown":
            assert command.reservation_id not in stored, f"told {answer}, and it is stored"
    assert any(isinstance(answer, Done) for _, answer in trade.answers)
    await assert_promises_hold(database_url)
