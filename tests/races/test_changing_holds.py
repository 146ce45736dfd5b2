"""Holds that are extended and changed on two nodes at the same time."""

import asyncio

import asyncpg
import pytest

from races.calls import change_call, extend_call, reserve_call, resolve_call
from races.ledger import assert_sound, by_code
from races.waiting import until

HOLDS = 40


async def _hold(engines, ledger, holds, seats=None):
    event_id, seat_ids = await ledger.add_event(seats=seats or holds)
    answers = await engines.race(
        [reserve_call(event_id, f"buyer-{number}", [seat_ids[number]]) for number in range(holds)]
    )
    assert by_code(answers) == {"done": holds}
    held = [answer.reservation_id for answer in answers]
    return event_id, seat_ids, held, [(await ledger.reservation(one))["expires_at"] for one in held]


async def test_extending_many_times_at_once_extends_once(engines, ledger):
    _, _, held, ends = await _hold(engines, ledger, HOLDS)
    line = [extend_call(held[number], f"buyer-{number}", ends[number]) for number in range(HOLDS)]

    answers = await engines.race([*line, *line], [*line, *line])

    assert by_code(answers) == {"done": 4 * HOLDS}
    assert await ledger.count("SELECT count(*) FROM changes WHERE kind = 'extended'") == HOLDS
    assert await ledger.count("SELECT count(*) FROM reservations WHERE extensions = 1") == HOLDS
    await assert_sound(ledger)


@pytest.mark.slow
async def test_a_hold_that_runs_out_while_its_extension_waits_for_the_lock_is_not_revived(engines, ledger):
    event_id, _, held, _ = await _hold(engines, ledger, 10)
    blocker = await asyncpg.connect(ledger.database_url)
    async with blocker.transaction():
        await blocker.execute("SELECT 1 FROM events WHERE id = $1 FOR NO KEY UPDATE", event_id)
        ends = [await ledger.let_hold_run_out(one, after_seconds=2.0) for one in held]
        calls = [extend_call(one, f"buyer-{number}", ends[number]) for number, one in enumerate(held)]
        race = asyncio.create_task(engines.race(calls))
        await ledger.wait_until_blocked(engines.processes)
        await until(lambda: blocker.fetchval("SELECT clock_timestamp() > $1", max(ends)))
    await blocker.close()

    assert by_code(await race) == {"hold_expired": 10}
    assert await ledger.live_reservations(event_id) == 0
    await assert_sound(ledger)


async def test_of_those_who_want_one_seat_by_holding_and_by_changing_one_gets_it(engines, ledger):
    """And a change that is refused leaves its hold as it was."""
    event_id, seat_ids, held, _ = await _hold(engines, ledger, HOLDS, seats=HOLDS + 10)
    wanted = seat_ids[HOLDS:]
    changes = [change_call(held[number], f"buyer-{number}", [wanted[number % 10]]) for number in range(HOLDS)]
    wishes = [reserve_call(event_id, f"new-{number}", [wanted[number % 10]]) for number in range(HOLDS)]

    answers = await engines.race([*changes[::2], *wishes[::2]], [*changes[1::2], *wishes[1::2]])

    assert set(by_code(answers)) == {"done", "seats_unavailable"}
    won = [answer for answer in answers if answer.done]
    assert sorted(answer.seat_ids[0] for answer in won) == sorted(map(str, wanted))
    for number, one in enumerate(held):
        row = await ledger.reservation(one)
        assert row["seat_ids"][0] in (seat_ids[number], wanted[number % 10])
    await assert_sound(ledger)


async def test_buyers_who_pass_their_seats_on_in_a_ring_share_none(engines, ledger):
    """Each wants the seat of the next. One free seat lets some of them move, and whoever moves frees another."""
    _, seat_ids, held, _ = await _hold(engines, ledger, HOLDS, seats=HOLDS + 1)
    changes = [change_call(held[number], f"buyer-{number}", [seat_ids[number + 1]]) for number in range(HOLDS)]

    for _ in range(3):
        await engines.race(changes[::2], changes[1::2])

    rows = [await ledger.reservation(one) for one in held]
    assert len({row["seat_ids"][0] for row in rows}) == HOLDS
    assert await ledger.count("SELECT count(*) FROM changes WHERE kind = 'seats_changed'") > 0
    await assert_sound(ledger)


async def test_a_hold_is_changed_extended_and_confirmed_at_once(engines, ledger):
    event_id, seat_ids, held, ends = await _hold(engines, ledger, HOLDS, seats=2 * HOLDS)
    lines = [
        [change_call(held[number], f"buyer-{number}", seat_ids[HOLDS + number :][:1]) for number in range(HOLDS)],
        [extend_call(held[number], f"buyer-{number}", ends[number]) for number in range(HOLDS)],
        [resolve_call("confirm", held[number], f"buyer-{number}") for number in range(HOLDS)],
    ]

    answers = await engines.race(lines[0] + lines[2][::2], lines[1] + lines[2][1::2])

    assert set(by_code(answers)) <= {"done", "already_confirmed"}
    assert await ledger.count("SELECT count(*) FROM reservations WHERE status = 'confirmed'") == HOLDS
    assert await ledger.live_reservations(event_id) == HOLDS
    await assert_sound(ledger)
