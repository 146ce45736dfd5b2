"""A change whose answer was lost finds its own work, whatever other editors have done since."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from box_office import an_event, assert_promises_hold, open_engine, put_on_sale
from faults.proxy import between
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.domain.catalogue.refusals import EventNotFound, SeatsExceedTotal
from holdfast.domain.catalogue.seat import numbered_seats


@pytest.fixture
async def other(database_url):
    """The engine of the other editor, who reaches the database undisturbed."""
    async with open_engine(database_url) as engine:
        yield engine
    await assert_promises_hold(database_url)


@pytest.fixture
async def proxy(database_url):
    async with between(database_url) as proxy:
        yield proxy
    assert proxy.cancel_requests == 0


@pytest.fixture
async def engine(proxy):
    async with open_engine(proxy.url) as engine:
        yield engine


@asynccontextmanager
async def losing(proxy, change, side="reply"):
    """Lose one side of the COMMIT of a change; what is done inside happens before the change is tried again."""
    lost = proxy.arm(side, "commit")
    again = proxy.arm("request", "change", "hold", after=lost)
    task = asyncio.create_task(change)
    await again.met.wait()
    try:
        yield task
    finally:
        again.go_on.set()
        await asyncio.wait([task])


async def test_an_edit_does_not_overwrite_the_next_one(engine, other, proxy):
    sale = await put_on_sale(other)
    async with losing(proxy, edit_event(engine.catalogue, sale.event_id, an_event(name="Mine"))) as mine:
        theirs = await edit_event(other.catalogue, sale.event_id, an_event(name="Theirs"))
    assert (mine.result().details.name, mine.result().version) == ("Mine", 2)
    stored = await other.views.reads.event(sale.event_id)
    assert (stored.details.name, stored.version) == ("Theirs", theirs.version) == ("Theirs", 3)


async def test_an_edit_that_was_not_stored_is_made_after_the_other_one(engine, other, proxy):
    sale = await put_on_sale(other)
    async with losing(
        proxy, edit_event(engine.catalogue, sale.event_id, an_event(name="Mine")), side="request"
    ) as mine:
        await edit_event(other.catalogue, sale.event_id, an_event(name="Theirs"))
    assert (mine.result().details.name, mine.result().version) == ("Mine", 3)
    assert (await other.views.reads.event(sale.event_id)).details.name == "Mine"


async def test_an_edit_is_told_as_made_although_it_would_be_refused_by_now(engine, other, proxy):
    sale = await put_on_sale(other, seats=4)
    async with losing(proxy, edit_event(engine.catalogue, sale.event_id, an_event(total_seats=4))) as mine:
        await edit_event(other.catalogue, sale.event_id, an_event(total_seats=9))
        await add_seats(other.catalogue, sale.event_id, numbered_seats(prefix="B", count=3, price=1))
    assert mine.result().details.total_seats == 4
    async with losing(proxy, edit_event(engine.catalogue, sale.event_id, an_event(name="Mine"))) as mine:
        await delete_event(other.catalogue, sale.event_id)
    assert mine.result().details.name == "Mine"
    sale = await put_on_sale(other)
    async with losing(proxy, edit_event(engine.catalogue, sale.event_id, an_event()), side="request") as late:
        await delete_event(other.catalogue, sale.event_id)
    assert isinstance(late.exception(), EventNotFound)


async def test_a_deletion_that_was_not_stored_is_told_that_another_came_first(engine, other, proxy):
    for side, told in (("reply", type(None)), ("request", EventNotFound)):
        sale = await put_on_sale(other)
        async with losing(proxy, delete_event(engine.catalogue, sale.event_id), side=side) as mine:
            if side == "request":
                await delete_event(other.catalogue, sale.event_id)
        assert type(mine.exception()) is told
        assert await other.views.reads.event(sale.event_id) is None


async def test_seats_are_told_as_added_at_the_version_of_their_addition(engine, other, proxy):
    sale = await put_on_sale(other, seats=4, total_seats=6)
    seats = numbered_seats(prefix="B", count=2, price=1)
    async with losing(proxy, add_seats(engine.catalogue, sale.event_id, seats)) as mine:
        await edit_event(other.catalogue, sale.event_id, an_event(total_seats=6))
    added, version = mine.result()
    assert (len(added), version, (await other.views.reads.event(sale.event_id)).version) == (2, 2, 3)
    sale = await put_on_sale(other, seats=4, total_seats=6)
    async with losing(proxy, add_seats(engine.catalogue, sale.event_id, seats), side="request") as full:
        await add_seats(other.catalogue, sale.event_id, seats[:1])
    assert isinstance(full.exception(), SeatsExceedTotal)
    sale = await put_on_sale(other)
    async with losing(proxy, add_seats(engine.catalogue, sale.event_id, seats)) as mine:
        await delete_event(other.catalogue, sale.event_id)
    assert mine.result()[1] == 2


async def test_an_event_is_told_as_it_was_made(engine, other, proxy):
    async with losing(proxy, create_event(engine.catalogue, an_event(name="Mine"))) as mine:
        (made,) = await other.views.reads.events(limit=1, offset=0)
        await edit_event(other.catalogue, made.id, an_event(name="Theirs"))
    assert (mine.result().id, mine.result().details.name, mine.result().version) == (made.id, "Mine", 0)
    assert mine.result().updated_at == made.updated_at
    assert (await other.views.reads.event(made.id)).details.name == "Theirs"
    async with losing(proxy, create_event(engine.catalogue, an_event(name="Gone"))) as gone:
        (made,) = (one for one in await other.views.reads.events(limit=2, offset=0) if one.details.name == "Gone")
        await delete_event(other.catalogue, made.id)
    assert not gone.result().deleted
