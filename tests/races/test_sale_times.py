"""A sale whose times are moved while a hundred wishes wait."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from races.calls import Call, reserve_call, resolve_call
from races.ledger import assert_sound, by_code, winners
from races.waiting import until

WISHES = 100
HOUR = timedelta(hours=1)
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
EDITED_AT = "SELECT max(version) FROM changes WHERE event_id = $1 AND kind = 'event_edited'"
BEFORE = "SELECT count(*) FROM reservations WHERE event_id = $1 AND created_version < $2"


def move(event_id, opens_at: datetime | None) -> Call:
    return Call("move_opening", str(event_id), key="" if opens_at is None else opens_at.isoformat())


@pytest.mark.parametrize("opens", [True, False], ids=["opened", "put off"])
async def test_the_opening_is_moved_while_a_hundred_wishes_wait(engines, ledger, opens):
    """Everybody waits for the event's lock; each is told what was true when their turn came."""
    event_id, seat_ids = await ledger.add_event(seats=WISHES)
    later = datetime.now(UTC) + HOUR
    if opens:
        await ledger.connection.execute("UPDATE events SET sale_opens_at = $2 WHERE id = $1", event_id, later)
    wishes = [reserve_call(event_id, f"buyer-{n}", [seat_ids[n]]) for n in range(WISHES)]
    wishes.insert(WISHES // 2, move(event_id, None if opens else later))

    async with ledger.connection.transaction():
        await ledger.connection.execute("SELECT 1 FROM events WHERE id = $1 FOR UPDATE", event_id)
        race = asyncio.create_task(engines.race(wishes))
        await until(lambda: _waiting(ledger))
    answers = await race

    del answers[WISHES // 2]
    codes = by_code(answers)
    assert sum(codes.values()) == WISHES
    assert set(codes) <= {"done", "sale_not_open"}
    edited_at = await ledger.connection.fetchval(EDITED_AT, event_id)
    held_before = await ledger.count(BEFORE, event_id, edited_at)
    assert held_before == (0 if opens else len(winners(answers))), "nobody holds on the closed side of the edit"
    [late] = await engines.race([reserve_call(event_id, "late", [seat_ids[0]])])
    assert late.code in (("done", "seats_unavailable") if opens else ("sale_not_open",))
    await assert_sound(ledger)


async def _waiting(ledger):
    return await ledger.connection.fetchval(WAITING) >= 1


async def test_nothing_is_held_before_the_instant_of_the_opening(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=WISHES)
    opens_at = await ledger.connection.fetchval("SELECT clock_timestamp() + interval '0.3 seconds'")
    await ledger.connection.execute("UPDATE events SET sale_opens_at = $2 WHERE id = $1", event_id, opens_at)
    wishes = [
        Call("reserve", str(event_id), f"buyer-{n}", "once", (str(seat_ids[n]),), delay_seconds=n * 0.008)
        for n in range(WISHES)
    ]

    answers = await engines.race(wishes)

    assert answers[-1].done, "the last comes half a second after the opening"
    assert set(by_code(answers)) <= {"done", "sale_not_open"}
    first = await ledger.connection.fetchval("SELECT min(created_at) FROM reservations WHERE event_id = $1", event_id)
    assert first >= opens_at
    await assert_sound(ledger)


async def test_of_the_buyers_and_the_seller_who_confirm_at_once_only_the_seller_does(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=20)
    held = await engines.race([reserve_call(event_id, f"buyer-{n}", [seat_ids[n]]) for n in range(20)])
    await ledger.connection.execute("UPDATE events SET confirmation = 'seller' WHERE id = $1", event_id)
    calls = [
        resolve_call(verb, one.reservation_id, f"buyer-{n}")
        for n, one in enumerate(held)
        for verb in ("confirm", "sell" if n % 2 else "confirm")
    ]

    answers = await engines.race(calls)

    for n in range(20):
        buyer, other = answers[2 * n : 2 * n + 2]
        assert buyer.code in (("done", "seller_confirms") if n % 2 else ("seller_confirms",))
        assert other.code == ("done" if n % 2 else "seller_confirms")
    assert await ledger.count("SELECT count(*) FROM reservations WHERE status = 'confirmed'") == 10
    await assert_sound(ledger)
