"""What tests of transactions on several events have in common."""

import asyncio
from contextlib import asynccontextmanager

from box_office import put_on_sale, sql
from holdfast.application.booking.batching.batcher import Batcher
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.failures import ConnectionLost
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


class SpoiledStore:
    """The real store, whose transactions on several events fail at one step."""

    def __init__(self, store, *, step, after=False, transactions_are=None):
        self._store = store
        self._step = step
        self._after = after
        self._transactions_are = transactions_are or SpoiledTransaction
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


class SpoiledTransaction:
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
