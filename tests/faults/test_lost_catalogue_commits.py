"""Events and charts are changed once, even if the reply to their COMMIT is lost."""

import asyncio

import pytest
from structlog.testing import capture_logs

from box_office import an_event, assert_promises_hold, open_engine, outcome_of, put_on_sale, sql
from faults.proxy import between
from faults.saboteur import fail
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.catalogue.catalogue import ATTEMPTS_MAX
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.domain.catalogue.seat import numbered_seats
from holdfast.infrastructure.postgres.catalogue.catalogue_store import PostgresCatalogueTransaction

lost = pytest.mark.parametrize("side", ["request", "reply"])


@pytest.fixture
async def proxy(database_url):
    async with between(database_url) as proxy:
        yield proxy
    assert proxy.cancel_requests == 0


@lost
async def test_an_event_is_created_once(database_url, proxy, side):
    async with open_engine(proxy.url) as engine:
        fault = proxy.arm(side, "commit")
        event = await create_event(engine.catalogue, an_event())
        assert fault.met.is_set()
        assert [one.id for one in await engine.views.reads.events(limit=5, offset=0)] == [event.id]
    await assert_promises_hold(database_url)


@lost
async def test_seats_are_added_once(database_url, proxy, side):
    async with open_engine(proxy.url) as engine:
        event = await create_event(engine.catalogue, an_event())
        fault = proxy.arm(side, "commit")
        added, version = await add_seats(engine.catalogue, event.id, numbered_seats(prefix="A", count=30, price=5))
        assert fault.met.is_set()
        shown = await engine.views.seat_maps.current(event.id)
    assert shown.positions_of([seat.id for seat in added]) == list(range(30))
    assert (shown.seats, shown.version) == (30, version)
    await assert_promises_hold(database_url)


@lost
async def test_an_event_is_deleted_once_and_that_is_the_answer(database_url, proxy, side):
    async with open_engine(proxy.url) as engine:
        sale = await put_on_sale(engine)
        made = await sale.reserve(engine, 0)
        fault = proxy.arm(side, "commit")
        await delete_event(engine.catalogue, sale.event_id)
        assert fault.met.is_set()
        assert await engine.views.reads.event(sale.event_id) is None
        ended, _ = await engine.views.reads.reservation(made.reservation.id, "ann")
    assert ended.cancel_reason == "event_deleted"
    await assert_promises_hold(database_url)


@lost
async def test_an_event_is_edited(database_url, proxy, side):
    async with open_engine(proxy.url) as engine:
        sale = await put_on_sale(engine)
        fault = proxy.arm(side, "commit")
        edited = await edit_event(engine.catalogue, sale.event_id, an_event(name="Matinee"))
        assert fault.met.is_set()
        assert (await engine.views.reads.event(sale.event_id)).details == edited.details
    await assert_promises_hold(database_url)


async def test_a_caller_who_goes_away_does_not_break_off_the_commit(proxy):
    async with open_engine(proxy.url) as engine:
        fault = proxy.arm("reply", "commit", "hold")
        caller = asyncio.create_task(create_event(engine.catalogue, an_event()))
        await fault.met.wait()
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        fault.go_on.set()
        assert len(await engine.views.reads.events(limit=5, offset=0)) == 1


async def test_the_end_of_a_process_waits_for_a_commit_under_way(database_url, proxy):
    opened = open_engine(proxy.url)
    engine = await opened.__aenter__()
    fault = proxy.arm("reply", "commit", "hold")
    caller = asyncio.create_task(create_event(engine.catalogue, an_event()))
    await fault.met.wait()
    closing = asyncio.create_task(opened.__aexit__(None, None, None))
    await asyncio.sleep(0.1)
    assert not closing.done()
    assert await outcome_of(create_event(engine.catalogue, an_event())) == "none"
    fault.go_on.set()
    await closing
    (stored,) = await sql(database_url, "SELECT id FROM events")
    assert (await caller).id == stored["id"]


async def test_it_is_given_up_after_some_attempts(database_url):
    async with open_engine(database_url) as engine:
        event = await create_event(engine.catalogue, an_event())
        await fail(database_url, sqlstate="40001", times=10**6)
        assert await outcome_of(edit_event(engine.catalogue, event.id, an_event())) == "none"
    (row,) = await sql(database_url, "SELECT last_value + 1 AS attempts FROM sabotages")
    assert row["attempts"] == ATTEMPTS_MAX


async def test_it_says_so_when_a_commit_stays_in_doubt(proxy):
    async with open_engine(proxy.url) as engine:
        proxy.arm("reply", "commit", times=ATTEMPTS_MAX)
        assert await outcome_of(create_event(engine.catalogue, an_event())) == "unknown"


async def test_a_bug_after_a_lost_commit_does_not_hide_what_may_be_stored(proxy, monkeypatch):
    """The event is stored, the reply to its COMMIT is lost, and the next attempt fails with an unexpected error."""
    async with open_engine(proxy.url) as engine:
        lost = proxy.arm("reply", "commit")
        insert = PostgresCatalogueTransaction.insert_event

        async def fail_once_lost(*arguments):
            if lost.met.is_set():
                raise ZeroDivisionError
            return await insert(*arguments)

        monkeypatch.setattr(PostgresCatalogueTransaction, "insert_event", fail_once_lost)
        with capture_logs():
            assert await outcome_of(create_event(engine.catalogue, an_event())) == "unknown"
        assert len(await engine.views.reads.events(limit=5, offset=0)) == 1
