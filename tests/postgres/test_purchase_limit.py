"""What PostgreSQL counts for a limit of seats per buyer, and the invariant that watches over it."""

from dataclasses import replace

import pytest

from box_office import an_event, let_holds_run_out, open_engine, put_on_sale, sql
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.confirm import confirm
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.domain.booking.refusals import PurchaseLimitReached
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants

OVERDUE = 70
"""More than a batch records beside what it touches."""


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


async def broken(database_url):
    return {one.name: one.violations for one in await check_invariants(database_url) if one.violations}


async def test_a_hold_that_ran_out_does_not_count_even_behind_many_others(database_url, engine):
    """A batch records 64 ends of holds, those first that ran out first; the buyer's own is not among them."""
    sale = await put_on_sale(engine, seats=OVERDUE + 4, max_seats_per_buyer=2)
    others = [await sale.reserve(engine, 4 + n, user=f"buyer-{n}") for n in range(OVERDUE)]
    mine = await sale.reserve(engine, 0, 1)
    await let_holds_run_out(database_url, mine.reservation.id, seconds=1)
    await let_holds_run_out(database_url, *(one.reservation.id for one in others), seconds=60)
    again = await sale.reserve(engine, 2, 3)
    states = await sql(database_url, "SELECT status FROM reservations WHERE id = $1", mine.reservation.id)
    assert states[0]["status"] == "pending", "its end is not recorded yet"
    with pytest.raises(PurchaseLimitReached) as told:
        await sale.reserve(engine, 4)
    assert told.value.data == {"limit": 2, "have": 2, "wanted": 1}
    await cancel(engine.booking, reservation_id=again.reservation.id, user_id="ann")
    assert await broken(database_url) == {}


async def test_what_was_held_under_a_higher_limit_is_no_fault_and_what_is_held_beyond_it_is(database_url, engine):
    sale = await put_on_sale(engine, seats=6, max_seats_per_buyer=4)
    sold = await sale.reserve(engine, 0, 1)
    await confirm(engine.booking, reservation_id=sold.reservation.id, user_id="ann")
    await sale.reserve(engine, 2)
    await edit_event(engine.catalogue, sale.event_id, an_event(max_seats_per_buyer=2))
    assert await broken(database_url) == {}
    await sale.reserve(engine, 3, user="bob")
    assert await broken(database_url) == {}
    # As if the limit of two had been there from the beginning.
    await sql(database_url, "UPDATE events SET purchase_limit_since = NULL WHERE id = $1", sale.event_id)
    found = await broken(database_url)
    assert set(found) == {"purchase_limits_hold"}
    assert [(row["user_id"], row["seats"]) for row in found["purchase_limits_hold"]] == [("ann", 3)]


async def test_what_the_box_office_held_beyond_the_limit_is_no_fault(database_url, engine):
    sale = await put_on_sale(engine, seats=8, max_seats_per_buyer=2)
    before, own, later = sale.wish(0), sale.wish(1), sale.wish(2, 3, 4)
    for one in (before, later):
        beyond = replace(one, beyond_limit=True)
        outcome, _ = await engine.booking.batcher.submit(sale.event_id, beyond)
        assert outcome.reservation.beyond_limit
        if one is before:
            await engine.booking.batcher.submit(sale.event_id, own)
    assert await broken(database_url) == {}
    # As if the buyer had got the last three like everybody else.
    await sql(database_url, "UPDATE reservations SET beyond_limit = false WHERE id = $1", later.reservation_id)
    assert set(await broken(database_url)) == {"purchase_limits_hold"}


async def test_an_edit_of_something_else_leaves_the_limit_and_its_beginning_alone(database_url, engine):
    sale = await put_on_sale(engine, seats=2, max_seats_per_buyer=2)
    row = "SELECT max_seats_per_buyer AS allowed, purchase_limit_since AS since FROM events"
    for limit, since in ((2, None), (3, 3), (3, 3), (None, 5), (None, 5)):
        await edit_event(engine.catalogue, sale.event_id, an_event(max_seats_per_buyer=limit))
        assert [tuple(one) for one in await sql(database_url, row)] == [(limit, since)]
    edited = await edit_event(engine.catalogue, sale.event_id, an_event(), unchanged=["max_seats_per_buyer", "name"])
    assert edited.details.max_seats_per_buyer is None
