"""Changes of events and charts whose callers disconnect, or whose node shuts down, before they have its lock."""

import asyncio

import pytest

from box_office import an_event, event_locked, open_engine, outcome_of, put_on_sale, sql
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.catalogue.bulk_line import BulkLine
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.domain.catalogue.seat import numbered_seats

CHANGES = {
    "edit": lambda engine, event_id: edit_event(engine.catalogue, event_id, an_event(name="Gone", total_seats=50)),
    "delete": lambda engine, event_id: delete_event(engine.catalogue, event_id),
    "a seat": lambda engine, event_id: add_seats(
        engine.catalogue, event_id, numbered_seats(prefix="B", count=1, price=1)
    ),
    "seats": lambda engine, event_id: add_seats(
        engine.catalogue, event_id, numbered_seats(prefix="B", count=9, price=1)
    ),
}
every_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


async def _version(database_url, event_id):
    (row,) = await sql(database_url, "SELECT version FROM events WHERE id = $1", event_id)
    return row["version"]


@every_change
async def test_who_leaves_before_the_event_is_theirs_changes_nothing(database_url, change):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, total_seats=100)
        before = await _version(database_url, sale.event_id)
        async with event_locked(database_url, sale.event_id):
            waiting = [asyncio.create_task(change(engine, sale.event_id)) for _ in range(2)]
            await asyncio.sleep(0.2)
            for caller in waiting:
                caller.cancel()
            await asyncio.wait(waiting)
        edited = await edit_event(engine.catalogue, sale.event_id, an_event(name="Stays", total_seats=100))
    # The end of the engine has waited for all of them.
    assert await _version(database_url, sale.event_id) == edited.version == before + 1


@every_change
async def test_who_waits_when_a_node_ends_is_told_and_nothing_is_done_afterwards(database_url, change):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, total_seats=100)
        before = await _version(database_url, sale.event_id)
        async with event_locked(database_url, sale.event_id):
            waiting = asyncio.create_task(outcome_of(change(engine, sale.event_id)))
            await asyncio.sleep(0.2)
            engine.catalogue.give_up()
            async with asyncio.timeout(1):
                assert await waiting == "none"
                assert await outcome_of(change(engine, sale.event_id)) == "none"
    assert await _version(database_url, sale.event_id) == before


async def test_who_waits_for_a_turn_when_a_node_ends_is_told():
    line = BulkLine(at_once=1)

    async def call():
        async with line.place() as place:
            await place.turn()
            await asyncio.sleep(60)

    at_work = asyncio.create_task(call())
    waiting = [asyncio.create_task(outcome_of(call())) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    line.give_up()
    async with asyncio.timeout(1):
        assert await asyncio.gather(*waiting) == ["none"] * 3
    assert not at_work.done()
    at_work.cancel()
