"""Confirmation and cancellation of one hold at the same time."""

from races.calls import reserve_call, resolve_call
from races.ledger import assert_sound, by_code

HOLDS = 120


async def _hold(engines, ledger, holds):
    event_id, seat_ids = await ledger.add_event(seats=holds)
    answers = await engines.race(
        [reserve_call(event_id, f"buyer-{number}", [seat_id]) for number, seat_id in enumerate(seat_ids)]
    )
    assert by_code(answers) == {"done": holds}
    return event_id, seat_ids, [answer.reservation_id for answer in answers]


async def test_of_confirm_and_cancel_exactly_one_wins_and_the_other_is_told_which(engines, ledger):
    _, _, held = await _hold(engines, ledger, HOLDS)
    verbs = ("confirm", "cancel")
    # Each line confirms half of the holds and cancels the other half, of those it made itself as well.
    lines = [
        [resolve_call(verbs[(number // 2 + line) % 2], held[number], f"buyer-{number}") for number in range(HOLDS)]
        for line in range(2)
    ]

    answers = await engines.race(*lines)

    won = {"confirm": 0, "cancel": 0}
    for number, reservation_id in enumerate(held):
        codes = {lines[line][number].verb: answers[line * HOLDS + number].code for line in range(2)}
        row = await ledger.reservation(reservation_id)
        if row["status"] == "confirmed":
            assert codes == {"confirm": "done", "cancel": "already_confirmed"}
            won["confirm"] += 1
        else:
            assert (row["status"], row["cancel_reason"]) == ("cancelled", "user")
            assert codes == {"confirm": "already_cancelled", "cancel": "done"}
            won["cancel"] += 1
    assert min(won.values()) > 0, won
    await assert_sound(ledger)


async def test_confirming_many_times_at_once_sells_once_and_answers_yes_each_time(engines, ledger):
    _, _, held = await _hold(engines, ledger, 10)

    answers = await engines.race(
        [resolve_call("confirm", held[number // 2 % 10], f"buyer-{number // 2 % 10}") for number in range(200)]
    )

    assert by_code(answers) == {"done": 200}
    assert {answer.status for answer in answers} == {"confirmed"}
    assert await ledger.count("SELECT count(*) FROM changes WHERE kind = 'confirmed'") == 10
    await assert_sound(ledger)


async def test_a_seat_that_is_cancelled_while_others_want_it_goes_to_at_most_one_of_them(engines, ledger):
    event_id, seat_ids, held = await _hold(engines, ledger, 20)
    cancels = [resolve_call("cancel", held[number], f"buyer-{number}") for number in range(20)]
    wishes = [reserve_call(event_id, f"next-{number}", [seat_ids[number % 20]]) for number in range(100)]

    answers = await engines.race([*cancels[:10], *wishes[:50]], [*cancels[10:], *wishes[50:]])

    assert set(by_code(answers)) <= {"done", "seats_unavailable"}
    assert all(answer.done for answer in [*answers[:10], *answers[60:70]]), "a cancellation is not refused"
    taken = [seat for answer in [*answers[10:60], *answers[70:]] if answer.done for seat in answer.seat_ids]
    assert len(taken) == len(set(taken)) == await ledger.live_reservations(event_id)
    await assert_sound(ledger)
