"""A hold that expires just when it is confirmed: PostgreSQL's clock, read under the lock, decides."""

import asyncio

import asyncpg

from races.calls import reserve_call, resolve_call
from races.ledger import assert_sound, by_code
from races.waiting import until


async def _hold(engines, ledger, holds):
    event_id, seat_ids = await ledger.add_event(seats=holds)
    answers = await engines.race(
        [reserve_call(event_id, f"buyer-{number}", [seat_id]) for number, seat_id in enumerate(seat_ids)]
    )
    assert by_code(answers) == {"done": holds}
    return event_id, seat_ids, [answer.reservation_id for answer in answers]


async def test_a_hold_that_runs_out_while_its_confirmation_waits_for_the_lock_is_not_sold(engines, ledger):
    event_id, _, held = await _hold(engines, ledger, 20)
    blocker = await asyncpg.connect(ledger.database_url)
    async with blocker.transaction():
        await blocker.execute("SELECT 1 FROM events WHERE id = $1 FOR NO KEY UPDATE", event_id)
        race = asyncio.create_task(
            engines.race([resolve_call("confirm", one, f"buyer-{number}") for number, one in enumerate(held)])
        )
        # Every transaction has begun and every hold is live; only now is its end moved close.
        await ledger.wait_until_blocked(engines.processes)
        ends = [await ledger.let_hold_run_out(one, after_seconds=0.05) for one in held]
        await until(lambda: blocker.fetchval("SELECT clock_timestamp() > $1", max(ends)))
    await blocker.close()

    answers = await race
    assert by_code(answers) == {"hold_expired": 20}
    assert await ledger.live_reservations(event_id) == 0
    await assert_sound(ledger)


async def test_confirmations_around_the_end_of_their_holds_are_in_time_or_refused(engines, ledger):
    event_id, seat_ids, held = await _hold(engines, ledger, 80)
    for number, reservation_id in enumerate(held):
        await ledger.let_hold_run_out(reservation_id, after_seconds=0.1 + number * 0.005)
    # The first confirmations are late and the last in time; between them each meets its end within a few milliseconds.
    calls = [
        resolve_call("confirm", one, f"buyer-{number}", delay_seconds=0.2 + (number - 40) * 0.004)
        for number, one in enumerate(held)
    ]

    answers = await engines.race([*calls])

    for reservation_id, answer in zip(held, answers, strict=True):
        row = await ledger.reservation(reservation_id)
        assert answer.code in {"done", "hold_expired"}
        assert (row["status"] == "confirmed") == answer.done
        if answer.done:
            assert row["confirmed_at"] < row["expires_at"]
        else:
            assert row["cancel_reason"] == "expired"
    retaken = await engines.race([reserve_call(event_id, "late", [seat_id], key=str(seat_id)) for seat_id in seat_ids])
    assert [one.done for one in retaken] == [not answer.done for answer in answers]
    await assert_sound(ledger)


async def test_confirm_and_a_new_wish_at_the_end_of_a_hold_share_no_seat(engines, ledger):
    event_id, seat_ids, held = await _hold(engines, ledger, 40)
    for reservation_id in held:
        await ledger.let_hold_run_out(reservation_id, after_seconds=0.15)
    confirms = [
        resolve_call("confirm", one, f"buyer-{number}", delay_seconds=number * 0.005) for number, one in enumerate(held)
    ]
    wishes = [reserve_call(event_id, f"next-{number}", [seat_id]) for number, seat_id in enumerate(seat_ids)]

    early = await engines.race(confirms, [])
    late = await engines.race([], wishes)

    assert set(by_code(early)) <= {"done", "hold_expired"}
    assert set(by_code(late)) <= {"done", "seats_unavailable"}
    for first, second in zip(early, late, strict=True):
        assert not (first.done and second.done)
    await assert_sound(ledger)
