"""If a COMMIT may have stored something the outcome is `unknown`, however the batch ends; otherwise it never is.

The COMMIT of the first transaction is lost, or its reply is. Then something else goes wrong, in every possible way.
"""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import pytest
from structlog.testing import capture_logs

from box_office import assert_promises_hold, open_engine, put_on_sale, sql
from holdfast.application.booking.batching.batcher import Batcher
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.failures import ConnectionLost, Contended, GuardMismatch, Obstructed, Unavailable
from holdfast.domain.booking.commands import Cancel, Confirm, Done

FAILURES = {
    "lost": lambda: ConnectionLost("away"),
    "contended": lambda: Contended("deadlock"),
    "obstructed": lambda: Obstructed("42501"),
    "guard": lambda: GuardMismatch("rows"),
    "bug": ZeroDivisionError,
    "untranslated": lambda: asyncpg.PostgresError.new({"C": "28000", "M": "no entry in pg_hba.conf", "S": "ERROR"}),
}
STEPS = ["begin", "lock", "version", "load", "store", "commit"]
FAILURES_MAX = 8
"""For each event; then its time is up. Six obstructed tries divide a batch, and what is left is tried once more."""


class Spoiled:
    """The real store, whose first COMMIT is in doubt and whose later transactions fail at one step."""

    def __init__(self, store, *, landed, step="begin", failure=None, from_the=2):
        self._store = store
        self.landed = landed
        self._step = step
        self._failure = failure
        self._from_the = from_the
        self.transactions = 0
        self.in_doubt = False
        self.committed = 0
        self.failures = 0
        self.failed = lambda _: None

    @asynccontextmanager
    async def transaction(self):
        self.transactions += 1
        number = self.transactions
        self.fail_at("begin", number)
        try:
            async with self._store.transaction() as transaction:
                yield SpoiledTransaction(transaction, self, number)
        finally:
            if not self.in_doubt:
                self.transactions = 0  # a busy machine really lost this one before its COMMIT: the next is the first

    def fail_at(self, step, number):
        if self._failure is not None and number >= self._from_the and step == self._step:
            self.failures += 1
            self.failed(self.failures)
            raise self._failure()


class SpoiledTransaction:
    def __init__(self, transaction, store, number):
        self._transaction, self._store, self._number = transaction, store, number

    def __getattr__(self, name):
        step = {"lock_idle": "lock", "load_locked": "load", "store_together": "store"}.get(name, name)

        async def call(*arguments, **keywords):
            self._store.fail_at(step, self._number)
            return await getattr(self._transaction, name)(*arguments, **keywords)

        return call

    async def commit(self):
        if self._number == 1:
            if self._store.landed:
                await self._transaction.commit()
            self._store.in_doubt = True
            raise ConnectionLost("the answer to the first COMMIT was lost")
        self._store.fail_at("commit", self._number)
        await self._transaction.commit()
        self._store.committed += 1


@asynccontextmanager
async def batcher_on(store, **bounds):
    batcher = Batcher(store, Bounds(**{"batch_seconds_max": 3.0, **bounds}))
    try:
        yield batcher
    finally:
        await batcher.close(seconds_max=5)


async def answers_of(batcher, commands):
    """Have (event, command) pairs written in one transaction; returns the outcome of each."""
    tasks = [asyncio.create_task(batcher.submit(event_id, command)) for event_id, command in commands]
    return [told(answer) for answer in await asyncio.gather(*tasks, return_exceptions=True)]


def told(answer):
    if isinstance(answer, Unavailable):
        return answer.outcome
    if isinstance(answer, Exception):
        return "500"
    outcome, _ = answer
    assert isinstance(outcome, Done)
    return "done"


def end_time_of_all(batcher):
    """Let the time of every batch that is being written run out now."""
    for batch in batcher._runner.under_way:
        batch._end_at(asyncio.get_running_loop().time())


async def spoiled_in_every_way(database_url, *, steps, landed, events=1, commands=1):
    """Buy seats of several events at once, with every failure at every step, side by side.

    Returns, by (step, failure), the outcomes of all callers and how many reservations were stored.
    """
    ways = [(step, failure) for step in steps for failure in FAILURES]
    # A connection for each: who waits too long for one is tried again alone, not in one transaction with the others.
    async with open_engine(database_url, write_pool_size=len(ways)) as engine:
        sales = [await asyncio.gather(*(put_on_sale(engine) for _ in range(events))) for _ in ways]

        async def one(step, failure, sales):
            store = Spoiled(engine.booking.batcher._runner._store, landed=landed, step=step, failure=FAILURES[failure])
            # All at once on a busy machine: no time may run out before the failure has occurred often enough.
            async with batcher_on(store, batch_seconds_max=50.0, queue_seconds_max=50.0) as batcher:
                store.failed = lambda failures: failures == FAILURES_MAX * events and end_time_of_all(batcher)
                wishes = [(sale.event_id, sale.wish(place)) for sale in sales for place in range(commands)]
                told = await answers_of(batcher, wishes)
            return set(told), await stored_of(database_url, *(sale.event_id for sale in sales))

        with capture_logs():
            found = await asyncio.gather(*(one(*way, some) for way, some in zip(ways, sales, strict=True)))
    return dict(zip(ways, found, strict=True))


async def stored_of(database_url, *event_ids):
    rows = await sql(
        database_url, "SELECT count(*) AS many FROM reservations WHERE event_id = ANY ($1)", list(event_ids)
    )
    return rows[0]["many"]


@pytest.mark.parametrize(("events", "commands"), [(1, 1), (1, 3), (3, 1)])
@pytest.mark.slow
async def test_a_commit_that_landed_is_never_told_as_none_nor_as_a_bug(database_url, events, commands):
    found = await spoiled_in_every_way(database_url, steps=STEPS, landed=True, events=events, commands=commands)
    # Where nothing is left to store, the store does not fail.
    expected = {way: ({"done" if way[0] == "store" else "unknown"}, events * commands) for way in found}
    assert found == expected


@pytest.mark.parametrize("commands", [1, 3])
@pytest.mark.slow
async def test_a_commit_that_never_arrived_is_in_doubt_until_the_event_is_locked(database_url, commands):
    found = await spoiled_in_every_way(
        database_url, steps=["begin", "lock", "load", "store"], landed=False, commands=commands
    )
    for (step, failure), seen in found.items():
        settled = "500" if failure in ("bug", "untranslated") else "none"
        assert seen == ({settled if step in ("load", "store") else "unknown"}, 0), (step, failure)


@pytest.mark.parametrize("verb", [Confirm, Cancel])
async def test_what_was_sold_or_given_back_is_told_so_too(database_url, verb):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        held = [await sale.reserve(engine, place) for place in range(2)]
        store = Spoiled(engine.booking.batcher._runner._store, landed=True, step="load", failure=FAILURES["bug"])
        async with batcher_on(store) as batcher:
            commands = [(sale.event_id, verb(one.reservation.id, "ann")) for one in held]
            assert await answers_of(batcher, commands) == ["unknown"] * 2


async def test_a_bug_that_is_told_as_unknown_is_not_kept_secret(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        store = Spoiled(engine.booking.batcher._runner._store, landed=True, step="load", failure=FAILURES["bug"])
        async with batcher_on(store) as batcher:
            with capture_logs() as logs:
                assert await answers_of(batcher, [(sale.event_id, sale.wish(0))]) == ["unknown"]
    (entry,) = [entry for entry in logs if entry["event"] == "batch_failed_in_doubt"]
    assert isinstance(entry["exc_info"], ZeroDivisionError)


async def test_what_is_in_doubt_settles_when_the_failure_ends(database_url):
    """First as a whole batch, which a bug ends, then one by one: each finds its own effect."""
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)

        class Once(Spoiled):
            def fail_at(self, step, number):
                if number == 2 and step == "load":
                    raise ZeroDivisionError

        store = Once(engine.booking.batcher._runner._store, landed=True)
        async with batcher_on(store, batch_seconds_max=5) as batcher:
            wishes = [(sale.event_id, sale.wish(place)) for place in range(3)]
            assert await answers_of(batcher, wishes) == ["done"] * 3
    assert await stored_of(database_url, sale.event_id) == 3
    await assert_promises_hold(database_url)


async def test_only_the_culprit_of_a_batch_that_never_landed_gets_the_500(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        poison = sale.wish(1)

        class Poisoned(Spoiled):
            def fail_at(self, step, number):
                pass

        class PoisonedTransaction(SpoiledTransaction):
            async def load(self, event_id, closure):
                if poison.seat_ids[0] in closure.seat_ids and self._number > 1:
                    raise ZeroDivisionError
                return await self._transaction.load(event_id, closure)

        store = Poisoned(engine.booking.batcher._runner._store, landed=False)

        @asynccontextmanager
        async def transaction():
            store.transactions += 1
            async with store._store.transaction() as real:
                yield PoisonedTransaction(real, store, store.transactions)

        store.transaction = transaction
        async with batcher_on(store, batch_seconds_max=5) as batcher:
            wishes = [(sale.event_id, wish) for wish in (sale.wish(0), poison, sale.wish(2))]
            assert await answers_of(batcher, wishes) == ["done", "500", "done"]
    assert await stored_of(database_url, sale.event_id) == 2


async def test_a_desk_that_closes_tells_what_is_in_doubt(database_url):
    """The commands of the lost COMMIT are being rerun one by one when the process has to shut down."""
    hangs = asyncio.Event()

    class Hanging(Spoiled):
        @asynccontextmanager
        async def transaction(self):
            if self.transactions == 1:
                self.transactions += 1
                raise ZeroDivisionError  # so that it is rerun one by one
            if self.transactions > 1:
                hangs.set()
                await asyncio.sleep(3600)
            async with super().transaction() as transaction:
                yield transaction

    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        batcher = Batcher(Hanging(engine.booking.batcher._runner._store, landed=True), Bounds())
        tasks = [asyncio.create_task(batcher.submit(sale.event_id, sale.wish(place))) for place in range(3)]
        await hangs.wait()
        await batcher.close(seconds_max=0.1)
        answers = [told(answer) for answer in await asyncio.gather(*tasks, return_exceptions=True)]
        for writer in batcher._writers:
            writer.cancel()
        await asyncio.gather(*batcher._writers, return_exceptions=True)
    assert answers == ["unknown"] * 3
