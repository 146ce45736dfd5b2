"""The connection pool is bounded, and never lends a connection that is unusable."""

import asyncio
import time

import pytest

from box_office import sql
from faults.proxy import between
from holdfast.application.failures import ConnectionLost
from holdfast.infrastructure.postgres.booking.batch_store import commit, rollback_if_open
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.reading.reads import PostgresReads


@pytest.fixture
async def make_pool(database_url):
    pools = []

    def make(size=1, **wanted):
        pools.append(Pool(database_url, size=size, application_name="pool", timeouts=Timeouts(), **wanted))
        return pools[-1]

    yield make
    for pool in pools:
        await pool.close()


async def backend(connection):
    return await connection.fetchval("SELECT pg_backend_pid()")


async def pid_of(pool):
    async with pool.connection() as connection:
        return await backend(connection)


async def test_a_short_read_goes_on_when_its_caller_hangs_up(make_pool):
    """Otherwise each disconnect would cost a connection, and another one in PostgreSQL to cancel the statement."""
    pool = make_pool()
    first = await pid_of(pool)
    reads = PostgresReads(pool)
    for pauses in range(6):
        reading = asyncio.create_task(reads.events(limit=1, offset=0))
        for _ in range(pauses):
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert await pid_of(pool) == first


async def test_the_connection_used_last_is_used_next(make_pool):
    pool = make_pool(size=3)
    assert await pid_of(pool) == await pid_of(pool)


async def test_it_is_bounded_and_the_first_who_waits_is_next(database_url, make_pool):
    pool = make_pool(size=2)
    turns = []

    async def use(number):
        async with pool.connection() as connection:
            assert pool.busy <= 2
            turns.append(number)
            await connection.execute("SELECT pg_sleep(0.01)")

    await asyncio.gather(*(use(number) for number in range(8)))
    assert sorted(turns) == list(range(8))
    assert [number for number in turns if number >= 2] == list(range(2, 8))
    rows = await sql(
        database_url, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pool' AND datname = current_database()"
    )
    assert len(rows) == 2
    assert pool.busy == 0


async def test_who_waits_too_long_is_told_so(make_pool):
    pool = make_pool(wait_seconds_max=0.05)
    async with pool.connection():
        with pytest.raises(ConnectionLost, match="in time"):
            await pid_of(pool)
    assert await pid_of(pool)


async def test_a_place_given_in_the_very_moment_of_giving_up_is_not_lost(make_pool):
    pool = make_pool(wait_seconds_max=0.1)
    loop = asyncio.get_running_loop()
    busy = pool.connection()
    await busy.__aenter__()
    waiter = asyncio.create_task(pid_of(pool))
    await asyncio.sleep(0)

    def give_and_stall():
        # The place is given, and when the loop next looks at the clock the time is over too.
        pool._free_places += 1
        pool._wake_one()

    loop.call_later(0.05, give_and_stall)
    loop.call_later(0.02, time.sleep, 0.2)
    await asyncio.gather(waiter, return_exceptions=True)
    pool._free_places -= 1
    await busy.__aexit__(None, None, None)
    assert pool.busy == 0


async def test_who_goes_away_while_waiting_takes_no_place(make_pool):
    pool = make_pool()
    async with pool.connection():
        waiter = asyncio.create_task(pid_of(pool))
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
    assert pool.busy == 0
    assert await pid_of(pool)


async def test_who_goes_away_just_as_the_place_is_given_passes_it_on(make_pool):
    pool = make_pool()
    async with pool.connection():
        first, second = (asyncio.create_task(pid_of(pool)) for _ in range(2))
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert await second
    assert pool.busy == 0


async def test_a_connection_left_in_a_transaction_is_cut(database_url, make_pool):
    pool = make_pool()
    async with pool.connection() as connection:
        first = await backend(connection)
        await connection.execute("BEGIN; LOCK TABLE events")
    assert await pid_of(pool) != first
    await sql(database_url, "BEGIN; LOCK TABLE events; COMMIT")


async def test_a_connection_that_was_warned_is_cut(make_pool):
    pool = make_pool()
    async with pool.connection() as connection:
        first = await backend(connection)
        await connection.execute("DO $$ BEGIN RAISE WARNING 'careful'; END $$")
    assert await pid_of(pool) != first


async def test_a_broken_connection_is_dropped(database_url, make_pool):
    pool = make_pool()
    first = await pid_of(pool)
    await sql(database_url, "SELECT pg_terminate_backend($1)", first)
    for _ in range(50):
        if pool._idle[0].is_closed():
            break
        await asyncio.sleep(0.02)
    assert await pid_of(pool) != first


async def test_a_connection_lost_in_use_is_not_kept(make_pool):
    pool = make_pool()
    first = None
    with pytest.raises(ConnectionLost):  # noqa: PT012 - what is tested is the way out
        async with pool.connection() as connection:
            first = await backend(connection)
            raise ConnectionLost("of no use, though it is still there")
    assert await pid_of(pool) != first


async def test_a_connection_idle_in_its_transaction_is_lost(database_url):
    pool = Pool(database_url, size=1, application_name="pool", timeouts=Timeouts(idle_in_transaction_seconds=0.05))
    with pytest.raises(ConnectionLost, match=r"idle|closed|terminat"):  # noqa: PT012 - the way out
        async with pool.connection() as connection:
            await connection.execute("BEGIN")
            await asyncio.sleep(0.3)
            with translated(connection.cell):
                await connection.execute("SELECT 1")
    await pool.close()


async def test_a_closed_pool_gives_nothing_and_keeps_nothing(database_url, make_pool):
    pool = make_pool(size=2)
    async with pool.connection() as lent:
        await pool.close()
        with pytest.raises(ConnectionLost), translated(lent.cell):
            await lent.execute("SELECT 1")
    with pytest.raises(ConnectionLost, match="closed"):
        await pid_of(pool)
    for _ in range(100):
        left = await sql(
            database_url,
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pool' AND datname = current_database()",
        )
        if not left:
            break
        await asyncio.sleep(0.02)
    assert left == []


async def test_a_commit_that_rolled_back_is_no_commit(make_pool):
    """PostgreSQL answers ROLLBACK to the COMMIT of a transaction that failed."""
    pool = make_pool()
    with pytest.raises(ConnectionLost, match="ROLLBACK"):  # noqa: PT012 - the way out
        async with pool.connection() as connection:
            with pytest.raises(Exception, match="division"):
                await connection.execute("BEGIN; SELECT 1/0")
            await commit(connection)


async def test_a_rollback_that_fails_cuts_the_connection(database_url, make_pool):
    pool = make_pool()
    async with pool.connection() as connection:
        await connection.execute("BEGIN")
        await sql(database_url, "SELECT pg_terminate_backend($1)", await backend(connection))
        await rollback_if_open(connection)
        await rollback_if_open(connection)
        assert connection.is_closed()


async def test_a_connection_whose_answers_do_not_come_is_cut_without_a_cancel_request(database_url):
    async with between(database_url) as proxy:
        pool = Pool(proxy.url, size=1, application_name="pool", timeouts=Timeouts(), use_seconds_max=0.3)
        fault = proxy.arm("reply", "load", "hold")

        async def ask():
            async with pool.connection() as connection:
                with translated(connection.cell):
                    await connection.fetchval(
                        "WITH clock AS MATERIALIZED (SELECT 1 AS wanted) SELECT wanted FROM clock"
                    )

        with pytest.raises(ConnectionLost):
            await ask()
        assert fault.met.is_set()
        assert await pid_of(pool) > 0
        assert proxy.cancel_requests == 0
        await pool.close()


async def test_a_user_may_say_how_long_a_connection_is_needed(make_pool):
    pool = make_pool(use_seconds_max=0.1)
    async with pool.connection(use_seconds_max=30.0) as connection:
        await connection.execute("SELECT pg_sleep(0.3)")
        assert not connection.is_closed()


async def test_a_connection_whose_user_was_cancelled_is_not_lent_again(database_url):
    """Its statement may still be under way, and would be in the way of the next."""
    pool = Pool(database_url, size=1, application_name="test", timeouts=Timeouts())

    async def sleep_in_the_database():
        async with pool.connection() as connection:
            await connection.fetch("SELECT pg_sleep(3)")

    sleeping = asyncio.create_task(sleep_in_the_database())
    await asyncio.sleep(0.3)
    sleeping.cancel()
    await asyncio.gather(sleeping, return_exceptions=True)
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await pool.close()


async def test_a_session_is_not_used_for_ever(make_pool, monkeypatch):
    """A setting that was taken back stays in sessions that are open, such as `synchronous_commit`."""
    pool = make_pool()
    first = await pid_of(pool)
    monkeypatch.setattr("holdfast.infrastructure.postgres.driver.pool.SESSION_SECONDS_MAX", 0.0)
    assert await pid_of(pool) != first
