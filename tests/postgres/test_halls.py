"""Halls in the tables: what the invariants notice, what batches look up, and what is left of a broken import."""

import asyncio
import json

import pytest

from box_office import an_event, assert_promises_hold, event_locked, open_engine, sql
from faults.proxy import between
from holdfast.application.booking.batching.write import closure_of
from holdfast.application.booking.reserve import reserve
from holdfast.application.catalogue import put_hall as putting
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.put_categories import put_categories
from holdfast.application.catalogue.put_hall import put_hall
from holdfast.domain.booking.commands import Reserve
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.refusals import HallInUse
from holdfast.domain.hall.imported import Imported
from holdfast.domain.hall.reading import read_hall
from holdfast.infrastructure.postgres.booking.batch_arguments import load_arguments
from holdfast.infrastructure.postgres.booking.batch_queries import BATCH
from holdfast.infrastructure.postgres.driver.connection import Timeouts, connect
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants

STANDARD = CategoryDetails("std", "Standard", "#3a7bd5", 9_000)


def a_hall(count=4, **row):
    row = {"label": "A", "count": count, "start": [0, 0], "end": [100, 0], **row}
    return _hall_of({"rows": [row]})


def a_field(capacity):
    return _hall_of({"capacity": capacity})


def _hall_of(places):
    section = {"key": "stalls", "name": "Stalls", "category": "std", **places}
    return read_hall(json.dumps({"format": "holdfast-hall/1", "sections": [section]}).encode())


async def put(engine, event_id, hall):
    async def read(known):
        return Imported(hall, known)

    return await put_hall(engine.catalogue, event_id, read)


async def hall_on_sale(engine, hall=None, **wanted):
    event = await create_event(engine.catalogue, an_event(**wanted))
    await put_categories(engine.catalogue, event.id, [STANDARD])
    await put(engine, event.id, hall or a_hall())
    return event.id


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


async def broken(database_url):
    return {result.name for result in await check_invariants(database_url) if not result.holds}


FAULTS = {
    "charts_are_numbered": "UPDATE seats SET position = 7 WHERE position = 1",
    "seats_have_known_categories": "DELETE FROM categories",
    "edits_are_counted": "UPDATE events SET chart_edits = 0",
    "companions_are_not_alone": "UPDATE seats SET companion_of = gen_random_uuid() WHERE position = 0",
}


@pytest.mark.parametrize("promise", FAULTS)
async def test_each_invariant_notices_its_fault(database_url, engine, promise):
    event_id = await hall_on_sale(engine)
    (first, *_) = await sql(database_url, "SELECT id FROM seats ORDER BY position")
    await reserve(engine.booking, event_id=event_id, user_id="ann", idempotency_key="a", seat_ids=(first["id"],))
    assert await broken(database_url) == set()
    await sql(database_url, FAULTS[promise])
    assert promise in await broken(database_url)


async def test_prices_of_categories_are_looked_up_only_if_a_seat_has_none(database_url, engine):
    await hall_on_sale(engine)
    [own, of_category, *_] = await sql(database_url, "SELECT id, event_id FROM seats ORDER BY position")
    await sql(database_url, f"UPDATE seats SET price = 1 WHERE id = '{own['id']}'")
    connection = await connect(database_url, application_name="test", timeouts=Timeouts())
    looked_up = []
    for seat in (own, of_category):
        wish = Reserve.wish(
            reservation_id=seat["id"],
            event_id=seat["event_id"],
            user_id="ann",
            idempotency_key="a",
            seat_ids=(seat["id"],),
        )
        given = BATCH.load_batch.arguments(load_arguments({seat["event_id"]: closure_of([wish], overdue_max=0)}))
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {BATCH.load_batch.sql}", *given)
        (node,) = [node for node in _nodes(json.loads(plan)[0]["Plan"]) if node.get("Relation Name") == "categories"]
        assert "Index" in node["Node Type"] or "Bitmap" in node["Node Type"]
        looked_up.append(node["Actual Loops"])
    await connection.close()
    assert looked_up == [0, 1]


def _nodes(node):
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


@pytest.mark.parametrize("side", ["request", "reply"])
async def test_a_hall_is_put_once_though_the_answer_to_its_commit_is_lost(database_url, side):
    async with between(database_url) as proxy, open_engine(proxy.url) as engine:
        event_id = await hall_on_sale(engine)
        before = await sql(database_url, "SELECT seat_number, id FROM seats ORDER BY position")
        fault = proxy.arm(side, "commit")
        done = await put(engine, event_id, a_hall(6, end=[200, 0]))
        assert fault.met.is_set()
        assert (done.seats, done.added, done.removed) == (6, 2, 0)
        after = await sql(database_url, "SELECT seat_number, id FROM seats ORDER BY position")
        assert after[:4] == before
        kinds = await sql(database_url, "SELECT kind FROM changes WHERE kind = 'hall_changed'")
        assert len(kinds) == 2
    await assert_promises_hold(database_url)


async def test_nothing_is_left_of_an_import_whose_session_ends_in_the_middle(database_url, engine, monkeypatch):
    event_id = await hall_on_sale(engine, total_seats=30_000)
    before = await sql(database_url, "SELECT * FROM seats ORDER BY position")
    (hall,) = await sql(database_url, "SELECT * FROM halls")
    copying = "query LIKE 'COPY%' AND datname = current_database()"
    kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {copying}"
    monkeypatch.setattr("holdfast.application.catalogue.catalogue.ATTEMPTS_MAX", 1)
    putting_it = asyncio.create_task(put(engine, event_id, a_field(30_000)))
    while not await sql(database_url, kill):
        await asyncio.sleep(0)
        assert not putting_it.done()
    with pytest.raises(Exception, match="could not carry this out"):
        await putting_it
    assert await sql(database_url, "SELECT * FROM seats ORDER BY position") == before
    assert await sql(database_url, "SELECT * FROM halls") == [hall]
    await assert_promises_hold(database_url)


async def test_whether_a_hall_is_in_use_is_decided_under_the_lock(database_url, engine):
    """The hold commits while the hall waits for the lock, after its document was read."""
    event_id = await hall_on_sale(engine)
    (first, *_) = await sql(database_url, "SELECT id FROM seats ORDER BY position")
    async with event_locked(database_url, event_id):
        holding = asyncio.create_task(
            reserve(engine.booking, event_id=event_id, user_id="ann", idempotency_key="a", seat_ids=(first["id"],))
        )
        await _waiting(database_url, 1)
        changing = asyncio.create_task(put(engine, event_id, a_hall(3, end=[75, 0])))
        await _waiting(database_url, 2)
    await holding
    with pytest.raises(HallInUse):
        await changing
    await assert_promises_hold(database_url)


async def test_a_wish_for_a_seat_that_a_new_hall_removes_is_refused(database_url, engine):
    event_id = await hall_on_sale(engine)
    *_, last = await sql(database_url, "SELECT id FROM seats ORDER BY position")
    async with event_locked(database_url, event_id):
        changing = asyncio.create_task(put(engine, event_id, a_hall(3, end=[75, 0])))
        await _waiting(database_url, 1)
        holding = asyncio.create_task(
            reserve(engine.booking, event_id=event_id, user_id="ann", idempotency_key="a", seat_ids=(last["id"],))
        )
        await _waiting(database_url, 2)
    assert (await changing).removed == 1
    with pytest.raises(Exception, match="Not seats of this event"):
        await holding
    await assert_promises_hold(database_url)


async def test_a_document_is_read_again_if_the_categories_change_meanwhile(database_url, engine):
    event_id = await hall_on_sale(engine)
    seen = []

    async def read(known):
        seen.append([one.price for one in known])
        if len(seen) == 1:
            await put_categories(engine.catalogue, event_id, [CategoryDetails("std", "Standard", "#3a7bd5", 1)])
        return Imported(a_hall(5, end=[125, 0]), known)

    assert (await put_hall(engine.catalogue, event_id, read)).seats == 5
    assert seen == [[9_000], [1]]
    (category,) = await sql(database_url, "SELECT price FROM categories")
    assert category["price"] == 1, "the price that was set in the meantime stays"


async def test_it_is_given_up_if_they_change_all_the_time(engine):
    event_id = await hall_on_sale(engine)
    prices = iter(range(100))

    async def read(known):
        changed = CategoryDetails("std", "Standard", "#3a7bd5", next(prices))
        await put_categories(engine.catalogue, event_id, [changed])
        return Imported(a_hall(), known)

    with pytest.raises(Exception, match="change all the time"):
        await put_hall(engine.catalogue, event_id, read)
    assert next(prices) == putting.ATTEMPTS_MAX


async def _waiting(database_url, count):
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while len(await sql(database_url, waiting)) < count:  # noqa: ASYNC110 - PostgreSQL is asked
        await asyncio.sleep(0.01)
