"""Channels in PostgreSQL: what a batch reads and writes of them, and the invariants that watch over them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from box_office import let_holds_run_out, open_engine, put_on_sale, sql
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.expire import expire_overdue
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.booking.commands import Done
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants

FANS = digest_of("fans")


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


async def a_channel(database_url, sale, *places, key="fans", opens_in=None, code=FANS):
    """Store a channel with these seats, all of them free."""
    opens_at = None if opens_in is None else datetime.now(UTC) + opens_in
    await sql(
        database_url,
        "INSERT INTO channels (event_id, key, name, code_digest, opens_to_all_at, kept_back)"
        " VALUES ($1, $2, 'Fans', $3, $4, $5)",
        *(sale.event_id, key, code, opens_at, len(places)),
    )
    await sql(
        database_url,
        "INSERT INTO channel_seats (seat_id, event_id, channel_key)"
        " SELECT seat, $2, $3 FROM unnest($1::uuid[]) AS seat",
        *([sale.seats[place] for place in places], sale.event_id, key),
    )


async def kept_back(database_url, key="fans"):
    return (await sql(database_url, "SELECT kept_back FROM channels WHERE key = $1", key))[0]["kept_back"]


async def broken(database_url):
    return {one.name: one.violations for one in await check_invariants(database_url) if one.violations}


async def submit(engine, sale, *places, code=None, user="ann"):
    wish = replace(sale.wish(*places, user=user), code_digest=code)
    outcome, _ = await engine.booking.batcher.submit(sale.event_id, wish)
    return outcome


async def test_the_count_of_free_seats_follows_every_change(database_url, engine):
    sale = await put_on_sale(engine, seats=6)
    await a_channel(database_url, sale, 0, 1, 2)
    assert not isinstance(await submit(engine, sale, 0), Done)
    one, two = [await submit(engine, sale, place, code=FANS) for place in (0, 1)]
    assert await kept_back(database_url) == 1
    await confirm(engine.booking, reservation_id=one.reservation.id, user_id="ann")
    await cancel(engine.booking, reservation_id=two.reservation.id, user_id="ann")
    assert await kept_back(database_url) == 2
    log = await sql(database_url, "SELECT kind, kept_back_seat_ids AS kept FROM changes ORDER BY version")
    assert [(row["kind"], row["kept"]) for row in log[1:]] == [
        ("reserved", None),
        ("reserved", None),
        ("confirmed", None),
        ("cancelled", [sale.seats[1]]),
    ]
    three = await submit(engine, sale, 1, 5, code=FANS)
    await let_holds_run_out(database_url, three.reservation.id)
    await expire_overdue(engine.booking.batcher, sale.event_id)
    assert await kept_back(database_url) == 2
    assert await broken(database_url) == {}


async def test_an_opening_that_is_due_is_recorded_with_the_seats_that_it_frees(database_url, engine):
    sale = await put_on_sale(engine, seats=6)
    await a_channel(database_url, sale, 0, 1, 2, opens_in=timedelta(hours=1))
    held = await submit(engine, sale, 0, code=FANS)
    assert isinstance(held, Done)
    await sql(database_url, "UPDATE channels SET opens_to_all_at = clock_timestamp()")
    assert isinstance(await submit(engine, sale, 1, user="bob"), Done)
    entry = (await sql(database_url, "SELECT * FROM changes WHERE kind = 'channel_opened'"))[0]
    assert (entry["detail"], set(entry["freed_seat_ids"])) == ("fans", set(sale.seats[1:3]))
    assert await engine.booking.batcher._runner._store.quiet_overdue_events(9) == []
    assert await broken(database_url) == {}


async def test_a_quiet_event_with_an_opening_that_is_due_is_found(database_url, engine):
    sale = await put_on_sale(engine, seats=2)
    await a_channel(database_url, sale, 0, opens_in=timedelta(seconds=-1))
    store = engine.booking.batcher._runner._store
    assert await store.quiet_overdue_events(9) == [sale.event_id]
    await expire_overdue(engine.booking.batcher, sale.event_id)
    assert await store.quiet_overdue_events(9) == []


async def test_an_entry_does_not_name_more_seats_than_it_may(database_url, engine, monkeypatch):
    monkeypatch.setattr("holdfast.infrastructure.postgres.booking.batch_arguments.NAMED_SEATS_MAX", 1)
    sale = await put_on_sale(engine, seats=3)
    await a_channel(database_url, sale, 0, 1, opens_in=timedelta(seconds=-1))
    await expire_overdue(engine.booking.batcher, sale.event_id)
    entry = (await sql(database_url, "SELECT freed_seat_ids FROM changes WHERE kind = 'channel_opened'"))[0]
    assert entry["freed_seat_ids"] is None


FAULTS = {
    "channels_count_free_seats": "UPDATE channels SET kept_back = kept_back + 1",
    "channels_have_their_own_seats": "UPDATE channel_seats SET channel_key = 'none' WHERE channel_key = 'house'",
    "openings_are_logged": "UPDATE channels SET opened_at = opens_to_all_at WHERE key = 'later'",
}


@pytest.mark.parametrize("promise", FAULTS)
async def test_each_invariant_notices_its_fault(database_url, engine, promise):
    sale = await put_on_sale(engine, seats=6)
    await a_channel(database_url, sale, 0, 1)
    await a_channel(database_url, sale, 2, key="house")
    await a_channel(database_url, sale, key="later", opens_in=timedelta(hours=1))
    assert await broken(database_url) == {}
    await sql(database_url, FAULTS[promise])
    assert promise in await broken(database_url)
