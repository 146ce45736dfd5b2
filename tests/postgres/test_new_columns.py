"""A migration of a later release adds a column while nodes of this one read."""

import asyncio
from contextlib import AsyncExitStack

from box_office import open_engine, put_on_sale, sql
from holdfast.application.booking.ports import Closure
from holdfast.infrastructure.postgres.booking.batch_store import PostgresBatchStore
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool

CONNECTIONS = 3


async def test_a_column_that_is_added_fails_no_read(database_url):
    """The driver knows the row type of a table for each connection, and refuses rows of another one.

    Requests that the gate steers to the shared read got 503 right after a migration, once for each connection.
    """
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(database_url))
        sale = await put_on_sale(engine, seats=2)
        held = await sale.reserve(engine, 0)
        pool = Pool(database_url, size=CONNECTIONS, application_name="read", timeouts=Timeouts())
        stack.push_async_callback(pool.close)
        store = PostgresBatchStore(pool, pool)
        closure = Closure(held.reservation.seat_ids, (), (held.reservation.id,), 0)

        async def read() -> list:
            loads = (store.load_unlocked(sale.event_id, closure) for _ in range(CONNECTIONS))
            return [set(snapshot.reservations) for snapshot, _ in await asyncio.gather(*loads)]

        assert await read() == [{held.reservation.id}] * CONNECTIONS
        await sql(database_url, "ALTER TABLE reservations ADD COLUMN later text")
        assert await read() == [{held.reservation.id}] * CONNECTIONS
