"""A batch that fails because of one command: only that command fails, and nobody waits for ever."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from box_office import assert_promises_hold, open_engine, outcome_of, put_on_sale
from holdfast.application.booking.batching.batcher import Batcher
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.coalescer import Coalescer
from holdfast.application.failures import ConnectionLost, GuardMismatch
from holdfast.domain.booking.commands import Done, Expire


class _Spoiled:
    """The real store, with something done before each load."""

    def __init__(self, store, before_load):
        self._store = store
        self._before_load = before_load

    @asynccontextmanager
    async def transaction(self):
        async with self._store.transaction() as transaction:
            yield _SpoiledTransaction(transaction, self._before_load)


class _SpoiledTransaction:
    def __init__(self, transaction, before_load):
        self._transaction = transaction
        self._before_load = before_load

    def __getattr__(self, name):
        return getattr(self._transaction, name)

    async def load(self, event_id, closure):
        await self._before_load(closure)
        return await self._transaction.load(event_id, closure)


@asynccontextmanager
async def spoiled_batcher(database_url, before_load, **bounds):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 300)
        batcher = Batcher(_Spoiled(engine.booking.batcher._runner._store, before_load), Bounds(**bounds))
        yield batcher, sale
        await batcher.close(seconds_max=5)


async def test_a_poisonous_command_in_a_full_batch_fails_alone(database_url):
    poison = None

    async def fail_on_poison(closure):
        if poison in closure.seat_ids:
            raise ZeroDivisionError

    async with spoiled_batcher(database_url, fail_on_poison) as (batcher, sale):
        poison = sale.seats[100]
        wishes = [sale.wish(place, user=f"user-{place}") for place in range(256)]
        answers = await asyncio.gather(
            *(batcher.submit(sale.event_id, wish) for wish in wishes), return_exceptions=True
        )
    failed = {place: answer for place, answer in enumerate(answers) if isinstance(answer, Exception)}
    assert list(failed) == [100]
    assert isinstance(failed[100], ZeroDivisionError)
    await assert_promises_hold(database_url)


async def test_guards_that_fail_for_one_command_fail_it_alone_with_503(database_url):
    poison = None

    async def mismatch_on_poison(closure):
        if poison in closure.seat_ids:
            raise GuardMismatch

    async with spoiled_batcher(database_url, mismatch_on_poison) as (batcher, sale):
        poison = sale.seats[1]
        answers = [asyncio.create_task(batcher.submit(sale.event_id, sale.wish(place))) for place in range(3)]
        assert await outcome_of(answers[1]) == "none"
        for answer in answers[::2]:
            assert isinstance((await answer)[0], Done)


async def test_a_rerun_of_single_commands_is_not_longer_than_a_batch(database_url):
    """A bug fails the batch; then the database is gone, and each command alone would wait its full time."""
    attempts = 0

    async def fail_then_be_gone(_closure):
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ZeroDivisionError
        raise ConnectionLost

    async with spoiled_batcher(database_url, fail_then_be_gone, batch_seconds_max=0.3) as (batcher, sale):
        answers = [outcome_of(batcher.submit(sale.event_id, sale.wish(place))) for place in range(50)]
        assert await asyncio.gather(*answers) == ["none"] * 50
    assert attempts < 30, "later commands were not tried again"


async def test_a_listener_that_fails_after_the_commit_costs_no_answer(database_url):
    class Failing:
        times = 1

        def committed(self, _event_id, _changes):
            self.times -= 1
            if self.times >= 0:
                raise ZeroDivisionError

    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        batcher = Batcher(engine.booking.batcher._runner._store, Bounds(), listeners=[Failing()])
        done = await asyncio.gather(*(batcher.submit(sale.event_id, sale.wish(place)) for place in range(3)))
        await batcher.close(seconds_max=5)
    assert not any(outcome.replayed for outcome, _ in done)
    await assert_promises_hold(database_url)


async def test_the_batcher_lives_on_after_a_failure(database_url):
    spoiled = True

    async def fail_while_spoiled(_closure):
        if spoiled:
            raise ZeroDivisionError

    async with spoiled_batcher(database_url, fail_while_spoiled) as (batcher, sale):
        with pytest.raises(ZeroDivisionError):
            await batcher.submit(sale.event_id, Expire(1))
        spoiled = False
        outcome, _ = await batcher.submit(sale.event_id, sale.wish(0))
        assert isinstance(outcome, Done)


class TestCoalescer:
    """The gate, the shared read and the reservation directory have this in common."""

    async def test_what_is_asked_during_a_call_goes_together_in_the_next(self):
        calls, go_on = [], asyncio.Event()

        async def answer(key, questions):
            calls.append((key, list(questions)))
            await go_on.wait()
            return [question * 10 for question in questions]

        gatherer = Coalescer(answer, questions_max=3)
        asked = [asyncio.create_task(gatherer.ask("a", number)) for number in range(6)]
        other = asyncio.create_task(gatherer.ask("b", 7))
        await asyncio.sleep(0.01)
        asked[2].cancel()
        go_on.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [one for one in answers if isinstance(one, int)] == [0, 10, 30, 40, 50]
        assert await other == 70
        assert all(len(questions) <= 3 for _, questions in calls)
        assert gatherer._waiting == {}

    @pytest.mark.parametrize("answers", [[], [1, 2]])
    async def test_a_wrong_number_of_answers_fails_who_asked_and_nobody_else(self, answers):
        given = [answers, [1]]

        async def answer(_key, _questions):
            return given.pop(0)

        gatherer = Coalescer(answer, questions_max=3)
        with pytest.raises(ValueError, match="argument 2"):
            await gatherer.ask("a", 1)
        assert await gatherer.ask("a", 1) == 1

    async def test_a_failure_belongs_to_all_who_asked_together(self):
        async def fail(_key, _questions):
            raise ConnectionLost

        gatherer = Coalescer(fail, questions_max=3)
        answers = await asyncio.gather(*(gatherer.ask("a", number) for number in range(4)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [ConnectionLost] * 4
