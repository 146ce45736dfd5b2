"""What extended and changed holds leave in PostgreSQL, and the faults that the invariants find in it."""

import asyncio

import pytest

from box_office import assert_promises_hold, open_engine, put_on_sale, sql
from holdfast.application.booking.change_seats import change_seats
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.extend import extend
from holdfast.domain.booking.refusals import PurchaseLimitReached
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


async def changed_and_extended(engine, sale):
    """A hold of seats 0 and 1 that has 1 and 2 now, and was extended; two more holds beside it."""
    held = (await sale.reserve(engine, 0, 1)).reservation
    await sale.reserve(engine, 4, user="bob")
    hold = {"reservation_id": held.id, "user_id": "ann"}
    await change_seats(engine.booking, **hold, seat_ids=(sale.seats[2], sale.seats[1]))
    await extend(engine.booking, **hold, known_expires_at=held.expires_at)
    await sale.reserve(engine, 0, user="cy")
    return held.id


async def test_rows_claims_and_log_of_changes_in_one_batch_agree(database_url, engine):
    """Several holds in one statement: each gets its own seats, prices and end."""
    sale = await put_on_sale(engine, seats=40)
    held = [await sale.reserve(engine, 2 * n, 2 * n + 1, user=f"u{n}") for n in range(10)]
    await asyncio.gather(
        *(
            change_seats(
                engine.booking,
                reservation_id=one.reservation.id,
                user_id=f"u{n}",
                seat_ids=(sale.seats[2 * n], *sale.seats[20 + n : 20 + n + n % 2]),
            )
            for n, one in enumerate(held)
        ),
        *(
            extend(
                engine.booking,
                reservation_id=one.reservation.id,
                user_id=f"u{n}",
                known_expires_at=one.reservation.expires_at,
            )
            for n, one in enumerate(held)
        ),
    )
    rows = await sql(database_url, "SELECT user_id, seat_ids, prices, total_amount, extensions FROM reservations")
    for row in rows:
        n = int(row["user_id"][1:])
        assert row["seat_ids"] == [sale.seats[2 * n], *sale.seats[20 + n : 20 + n + n % 2]]
        assert (row["prices"], row["total_amount"]) == ([1_000] * (1 + n % 2), 1_000 * (1 + n % 2))
        assert row["extensions"] == 1
    await assert_promises_hold(database_url)


SEATS_CHANGED = "WHERE kind = 'seats_changed' AND reservation_id = $1"


@pytest.mark.parametrize(
    ("fault", "invariant"),
    [
        (
            "UPDATE claims SET expires_at = expires_at - interval '1 second' WHERE reservation_id = $1",
            "claims_are_reservations",
        ),
        ("UPDATE claims SET seat_id = gen_random_uuid() WHERE reservation_id = $1", "claims_are_reservations"),
        ("UPDATE reservations SET extensions = 2 WHERE id = $1", "log_tells_of_reservations"),
        (f"UPDATE changes SET freed_seat_ids = NULL {SEATS_CHANGED}", "log_tells_of_reservations"),
        (f"UPDATE changes SET freed_seat_ids = NULL {SEATS_CHANGED}", "seats_pass_from_hand_to_hand"),
        (f"UPDATE changes SET seat_ids = '{{}}' {SEATS_CHANGED}", "seats_pass_from_hand_to_hand"),
        (f"UPDATE changes SET kind = 'cancelled' {SEATS_CHANGED}", "legal_transitions"),
        ("UPDATE reservations SET prices = prices[1:1] WHERE id = $1", "seats_are_of_their_event"),
        ("UPDATE reservations SET prices = ARRAY[1, 1999] WHERE id = $1", "seats_are_of_their_event"),
        (
            """
            INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at)
            SELECT event_id, version + 100, 'extended', reservation_id, seat_ids, at FROM changes
            WHERE kind = 'extended' AND reservation_id = $1
            """,
            "log_tells_of_reservations",
        ),
    ],
)
@pytest.mark.slow
async def test_a_fault_in_an_extended_or_changed_hold_is_found(database_url, engine, fault, invariant):
    sale = await put_on_sale(engine, seats=6)
    reservation_id = await changed_and_extended(engine, sale)
    await assert_promises_hold(database_url)
    await sql(database_url, fault, reservation_id)
    broken = {one.name for one in await check_invariants(database_url) if one.violations}
    assert invariant in broken


async def test_a_sale_of_a_changed_hold_that_forgot_a_seat_is_found(database_url, engine):
    sale = await put_on_sale(engine, seats=6)
    reservation_id = await changed_and_extended(engine, sale)
    await confirm(engine.booking, reservation_id=reservation_id, user_id="ann")
    await assert_promises_hold(database_url)
    await sql(database_url, "UPDATE changes SET seat_ids = seat_ids[1:1] WHERE kind = 'confirmed'")
    broken = {one.name for one in await check_invariants(database_url) if one.violations}
    assert "log_tells_of_reservations" in broken


async def test_a_change_beyond_the_limit_is_refused_and_one_that_was_not_is_found(database_url, engine):
    sale = await put_on_sale(engine, seats=8, max_seats_per_buyer=3)
    held = (await sale.reserve(engine, 0, 1)).reservation
    hold = {"reservation_id": held.id, "user_id": "ann"}
    with pytest.raises(PurchaseLimitReached) as told:
        await change_seats(engine.booking, **hold, seat_ids=sale.seats[:4])
    assert told.value.data == {"limit": 3, "have": 2, "wanted": 2}
    await change_seats(engine.booking, **hold, seat_ids=sale.seats[2:5])
    await assert_promises_hold(database_url)
    # As if the limit had been two all the time: the hold grew beyond it.
    await sql(database_url, "UPDATE events SET max_seats_per_buyer = 2 WHERE id = $1", sale.event_id)
    broken = {one.name for one in await check_invariants(database_url) if one.violations}
    assert broken == {"purchase_limits_hold"}
