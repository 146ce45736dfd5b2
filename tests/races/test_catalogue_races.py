"""Changes of an event while its seats are being sold."""

import pytest

from races.calls import Call, reserve_call, resolve_call
from races.ledger import assert_sound, by_code


@pytest.mark.slow
async def test_an_event_is_deleted_or_sold_and_never_both(engines, ledger):
    events = [await ledger.add_event(seats=8) for _ in range(12)]
    held = await engines.race(
        [
            reserve_call(event_id, f"buyer-{place}", [seat_id])
            for event_id, seat_ids in events
            for place, seat_id in enumerate(seat_ids[:4])
        ]
    )
    lines: list[list[Call]] = [[], []]
    for number, (event_id, seat_ids) in enumerate(events):
        confirms = [
            resolve_call("confirm", held[number * 4 + place].reservation_id, f"buyer-{place}") for place in range(4)
        ]
        wishes = [reserve_call(event_id, f"late-{place}", [seat_ids[4 + place]]) for place in range(4)]
        delete = Call("delete_event", str(event_id))
        # In turn, the deletion, the confirmations or the wishes are sent first.
        orders = [[delete, *confirms], wishes], [confirms, [delete, *wishes]], [wishes, [*confirms, delete]]
        for line, calls in zip(lines, orders[number % 3], strict=True):
            line.extend(calls)

    answers = dict(zip([*lines[0], *lines[1]], await engines.race(*lines), strict=True))

    for number, (event_id, _) in enumerate(events):
        deletion = answers[Call("delete_event", str(event_id))]
        sold = await ledger.count(
            "SELECT count(*) FROM reservations WHERE event_id = $1 AND status = 'confirmed'", event_id
        )
        confirmed = [
            answers[resolve_call("confirm", held[number * 4 + place].reservation_id, f"buyer-{place}")].code
            for place in range(4)
        ]
        assert confirmed.count("done") == sold
        if deletion.done:
            assert sold == 0
            assert await ledger.live_reservations(event_id) == 0
            assert set(confirmed) == {"already_cancelled"}
        else:
            assert deletion.code == "event_has_confirmed_reservations"
            assert sold > 0
    wishes_codes = {answer.code for call, answer in answers.items() if call.verb == "reserve"}
    assert wishes_codes <= {"done", "event_not_found"}
    await assert_sound(ledger)


async def test_of_many_deletions_of_one_event_one_takes_effect(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=4)
    await engines.race([reserve_call(event_id, f"buyer-{place}", [seat]) for place, seat in enumerate(seat_ids)])

    answers = await engines.race([Call("delete_event", str(event_id))] * 8)

    assert by_code(answers) == {"done": 1, "event_not_found": 7}
    assert await ledger.count("SELECT count(*) FROM changes WHERE kind = 'cancelled'") == 4
    await assert_sound(ledger)


async def test_seats_are_added_while_others_are_sold_and_every_count_agrees(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=40, total_seats=140)
    # The two blocks share the number B-5, and together they exceed the event's capacity.
    blocks = [tuple(f"{prefix}-{number}" for number in range(30)) for prefix in ("A", "B", "C", "D")]
    blocks.append(("B-5", "E-1"))
    additions = [Call("add_seats", str(event_id), seat_numbers=block) for block in blocks]
    wishes = [
        reserve_call(event_id, f"buyer-{number}", [seat_ids[number % 40], seat_ids[(number + 1) % 40]])
        for number in range(120)
    ]

    answers = await engines.race(
        [*wishes[:20], *additions[:3], *wishes[20:60]], [*wishes[60:80], *additions[3:], *wishes[80:]]
    )

    added = [*answers[20:23], *answers[83:85]]
    assert set(by_code(added)) <= {"done", "seat_number_taken", "seats_exceed_total"}
    seats = 40 + sum(len(answer.seat_ids) for answer in added)
    assert await ledger.count("SELECT count(*) FROM seats WHERE event_id = $1", event_id) == seats
    assert added[1].done + added[4].done <= 1, "a seat number is unique in its event"
    assert seats in {130, 132}, "three blocks of thirty fit, or two with the short one and then one more"
    others = answers[:20] + answers[23:83] + answers[85:]
    assert set(by_code(others)) == {"done", "seats_unavailable"}
    await assert_sound(ledger)


async def test_new_seats_are_for_sale_at_once_and_each_goes_to_one_buyer(engines, ledger):
    event_id, _ = await ledger.add_event(seats=1, total_seats=100)
    [added] = await engines.race([Call("add_seats", str(event_id), seat_numbers=("N-1", "N-2"))], [])

    answers = await engines.race(
        [
            Call("reserve", str(event_id), f"buyer-{number}", "once", (added.seat_ids[number // 2 % 2],))
            for number in range(60)
        ]
    )

    assert by_code(answers) == {"done": 2, "seats_unavailable": 58}
    await assert_sound(ledger)
