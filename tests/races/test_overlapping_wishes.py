"""Wishes for several seats that overlap: each is fulfilled entirely or not at all."""

import random
from itertools import pairwise

from races.calls import reserve_call
from races.ledger import assert_sound, by_code, winners


async def test_random_overlapping_wishes_are_fulfilled_whole_or_not_at_all(engines, ledger):
    for seed in (1, 2, 3):
        chance = random.Random(seed)
        event_id, seat_ids = await ledger.add_event(seats=40)
        wishes = [chance.sample(seat_ids, chance.randint(1, 6)) for _ in range(150)]

        answers = await engines.race(
            [reserve_call(event_id, f"buyer-{number}", wish) for number, wish in enumerate(wishes)]
        )

        assert set(by_code(answers)) == {"done", "seats_unavailable"}
        sold = [seat_id for winner in winners(answers) for seat_id in winner.seat_ids]
        claims = await ledger.count("SELECT count(*) FROM claims WHERE event_id = $1", event_id)
        assert len(sold) == len(set(sold)) == claims
        for wish, answer in zip(wishes, answers, strict=True):
            if answer.done:
                assert set(answer.seat_ids) == {str(seat_id) for seat_id in wish}
            else:
                assert answer.data["seat_ids"], "a refusal names what is taken"
                assert set(answer.data["seat_ids"]) <= set(sold) & {str(seat_id) for seat_id in wish}
        assert await ledger.live_reservations(event_id) == len(winners(answers))
    await assert_sound(ledger)


async def test_two_wishes_that_cross_end_with_one_buyer_of_both_seats(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=80)
    pairs = list(zip(seat_ids[0::2], seat_ids[1::2], strict=True))
    forward = [reserve_call(event_id, f"forward-{number}", [a, b]) for number, (a, b) in enumerate(pairs)]
    backward = [reserve_call(event_id, f"backward-{number}", [b, a]) for number, (a, b) in enumerate(pairs)]

    answers = await engines.race(forward, backward)

    assert by_code(answers) == {"done": 40, "seats_unavailable": 40}
    for one, other in zip(answers[:40], answers[40:], strict=True):
        assert one.done != other.done
    await assert_sound(ledger)


async def test_a_chain_of_overlapping_pairs_leaves_no_loser_holding_a_seat(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=60)
    chain = [[seat_ids[place], seat_ids[place + 1]] for place in range(59)]

    answers = await engines.race([reserve_call(event_id, f"buyer-{number}", wish) for number, wish in enumerate(chain)])

    assert await ledger.count("SELECT count(*) FROM claims") == 2 * len(winners(answers))
    losers = [f"buyer-{number}" for number, answer in enumerate(answers) if not answer.done]
    assert await ledger.count("SELECT count(*) FROM reservations WHERE user_id = ANY($1)", losers) == 0
    for before, after in pairwise(answers):
        assert not (before.done and after.done), "neighbours share a seat"
    await assert_sound(ledger)
