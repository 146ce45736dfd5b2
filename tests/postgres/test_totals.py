"""The totals of the whole installation, read in slices of its events."""

import asyncpg
import pytest

from box_office import open_engine, put_on_sale, sql
from holdfast.application.booking.confirm import confirm
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.upkeep.totals import PostgresTotals


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


@pytest.fixture
async def totals(database_url):
    totals = PostgresTotals(database_url, Timeouts(), application_name="test", slice_events=2)
    yield totals
    await totals.close()


async def _read(totals, times=1):
    for _ in range(times):
        found = await totals.read()
    return found


async def test_they_are_those_of_all_events_in_however_many_slices(engine, totals):
    sales = [await put_on_sale(engine) for _ in range(5)]
    for sale in sales:
        await sale.reserve(engine, 0)
    sold = await sales[1].reserve(engine, 1, 2)
    await confirm(engine.booking, reservation_id=sold.reservation.id, user_id="ann")
    assert await totals.read() is None, "it has only just become the leader"
    found = await _read(totals)
    assert (found.pending_reservations, found.confirmed_reservations) == (5, 1)
    assert found.events[0].event_id == str(sales[1].event_id)
    assert len(found.events) == 5


async def test_new_events_count_at_once_and_changes_of_old_ones_in_their_turn(engine, totals):
    old = [await put_on_sale(engine) for _ in range(6)]
    await totals.read()
    await _read(totals)
    new = await put_on_sale(engine)
    await new.reserve(engine, 0)
    assert (await _read(totals)).pending_reservations == 1
    await old[0].reserve(engine, 0)
    await old[3].reserve(engine, 0)
    assert (await _read(totals, times=3)).pending_reservations == 3


async def test_an_event_whose_id_lies_among_older_ones_is_counted_once(database_url, engine, totals):
    """The clocks of two nodes differ, so that an id may come after those that it precedes."""
    for _ in range(5):
        await (await put_on_sale(engine)).reserve(engine, 0)
    await totals.read()
    await _read(totals)
    await sql(
        database_url,
        """
        INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at,
            available, reserved, pending_reservations)
        SELECT overlay(id::text PLACING 'ffff' FROM 33)::uuid, name, '', '', start_at, end_at, total_seats, created_at,
            updated_at, 1, 1, 1 FROM events ORDER BY id LIMIT 1
        """,
    )
    assert (await _read(totals, times=3)).pending_reservations == 6


async def test_the_oldest_snapshot_is_told(database_url, totals):
    await totals.read()
    assert (await _read(totals)).oldest_snapshot_seconds < 5
    holder = await asyncpg.connect(database_url)
    try:
        await holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM events; SELECT pg_sleep(0.3)")
        assert (await _read(totals)).oldest_snapshot_seconds > 0.3
    finally:
        await holder.close()
    assert (await _read(totals)).oldest_snapshot_seconds < 0.3


async def test_no_more_events_are_read_each_time_than_slices_have(database_url, engine, totals):
    for _ in range(12):
        await put_on_sale(engine, seats=1)
    await totals.read()
    await _read(totals)
    before = await _events_read(database_url, totals)
    await _read(totals)
    assert await _events_read(database_url, totals) - before <= 2 * (2 + 2) * 2


async def _events_read(database_url, totals):
    await totals._connection.execute("SELECT pg_stat_force_next_flush()")
    (row,) = await sql(
        database_url,
        "SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_user_tables WHERE relname = 'events'",
    )
    return row["read"]
