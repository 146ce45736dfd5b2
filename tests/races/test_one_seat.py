"""Many buyers, one seat."""

from collections import Counter

from races.calls import reserve_call
from races.ledger import assert_sound, by_code, winners


async def test_one_buyer_gets_the_seat_and_all_others_are_told_that_it_is_taken(engines, ledger):
    for callers in (50, 100, 500):
        event_id, [seat_id] = await ledger.add_event(seats=1)

        answers = await engines.race(
            [reserve_call(event_id, f"buyer-{number}", [seat_id]) for number in range(callers)]
        )

        assert by_code(answers) == {"done": 1, "seats_unavailable": callers - 1}
        assert all(answer.data["seat_ids"] == [str(seat_id)] for answer in answers if not answer.done)
        [winner] = winners(answers)
        row = await ledger.reservation(winner.reservation_id)
        assert (row["status"], row["user_id"]) == ("pending", f"buyer-{answers.index(winner)}")
    assert await ledger.count("SELECT count(*) FROM reservations") == 3
    await assert_sound(ledger)


async def test_as_many_buyers_as_seats_get_one_each_however_many_come(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=8)

    answers = await engines.race(
        [reserve_call(event_id, f"buyer-{number}", [seat_ids[number // 2 % 8]]) for number in range(200)]
    )

    assert by_code(answers) == {"done": 8, "seats_unavailable": 192}
    assert Counter(seat for winner in winners(answers) for seat in winner.seat_ids) == Counter(
        str(seat_id) for seat_id in seat_ids
    )
    await assert_sound(ledger)


async def test_a_seat_whose_hold_ran_out_is_sold_to_one_of_the_next_wave(engines, ledger):
    event_id, [seat_id] = await ledger.add_event(seats=1)
    for round_number in range(4):
        buyers = [f"buyer-{round_number}-{number}" for number in range(40)]
        answers = await engines.race([reserve_call(event_id, buyer, [seat_id]) for buyer in buyers])
        assert by_code(answers) == {"done": 1, "seats_unavailable": 39}
        [winner] = winners(answers)
        await ledger.let_hold_run_out(winner.reservation_id, after_seconds=0)

    kinds = await ledger.count(
        "SELECT count(*) FILTER (WHERE kind = 'reserved') * 100 + count(*) FILTER (WHERE kind = 'expired') FROM changes"
    )
    assert kinds == 403
    await assert_sound(ledger)
