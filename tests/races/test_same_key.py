"""One idempotency key, many times at once."""

from races.calls import reserve_call
from races.ledger import assert_sound, by_code


async def test_a_key_sent_fifty_times_at_once_makes_one_reservation(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=2)
    orders = [seat_ids, seat_ids[::-1]]

    answers = await engines.race(
        [reserve_call(event_id, "impatient", orders[number // 2 % 2], key="k") for number in range(50)]
    )

    assert by_code(answers) == {"done": 50}
    assert len({answer.reservation_id for answer in answers}) == 1
    assert sum(answer.replayed for answer in answers) == 49
    assert await ledger.count("SELECT count(*) FROM reservations") == 1
    await assert_sound(ledger)


async def test_a_key_at_once_for_different_seats_serves_one_wish_and_refuses_the_others(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=20)

    answers = await engines.race([reserve_call(event_id, "confused", [seat_id], key="k") for seat_id in seat_ids])

    assert by_code(answers) == {"done": 1, "idempotency_key_reused": 19}
    assert await ledger.count("SELECT count(*) FROM claims") == 1
    await assert_sound(ledger)


async def test_many_impatient_buyers_on_one_seat_one_reservation_and_only_its_buyer_sees_it(engines, ledger):
    event_id, [seat_id] = await ledger.add_event(seats=1)
    buyers = [f"buyer-{number % 20}" for number in range(200)]

    answers = await engines.race([reserve_call(event_id, buyer, [seat_id]) for buyer in buyers])

    served = {(buyer, answer.reservation_id) for buyer, answer in zip(buyers, answers, strict=True) if answer.done}
    assert len(served) == 1
    [(buyer, reservation_id)] = served
    assert (await ledger.reservation(reservation_id))["user_id"] == buyer
    assert sum(answer.done and not answer.replayed for answer in answers) == 1
    assert set(by_code(answers)) == {"done", "seats_unavailable"}
    await assert_sound(ledger)


async def test_one_key_of_two_users_or_of_two_events_is_another_key(engines, ledger):
    events = [await ledger.add_event(seats=3) for _ in range(2)]
    wishes = [
        reserve_call(event_id, f"buyer-{place}", [seat_id], key="k")
        for event_id, seat_ids in events
        for place, seat_id in enumerate(seat_ids)
    ]

    first = await engines.race(wishes)
    again = await engines.race(wishes * 5)

    assert by_code(first) == {"done": 6}
    assert not any(answer.replayed for answer in first)
    made = [answer.reservation_id for answer in first]
    assert len(set(made)) == 6
    assert [(answer.reservation_id, answer.replayed) for answer in again] == [(one, True) for one in made] * 5
    await assert_sound(ledger)
