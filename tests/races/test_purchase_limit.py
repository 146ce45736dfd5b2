"""One buyer who wants more seats than the event's limit."""

import pytest

from races.calls import reserve_call, resolve_call
from races.ledger import assert_sound, by_code, winners

LIMIT = 8
SEATS_OF = """
SELECT coalesce(sum(cardinality(seat_ids)), 0) FROM reservations
WHERE user_id = $1 AND (status = 'confirmed' OR status = 'pending' AND expires_at > clock_timestamp())"""


@pytest.fixture
async def limited(ledger):
    """An event of 100 seats with a limit of 8 per buyer."""
    event_id, seat_ids = await ledger.add_event(seats=100)
    await ledger.connection.execute("UPDATE events SET max_seats_per_buyer = $2 WHERE id = $1", event_id, LIMIT)
    return event_id, seat_ids


async def test_fifty_wishes_of_one_buyer_get_exactly_the_limit_and_nobody_else_is_held_up(engines, ledger, limited):
    event_id, seat_ids = limited
    greedy = [reserve_call(event_id, "greedy", [seat_ids[n]], key=f"k{n}") for n in range(50)]
    others = [reserve_call(event_id, f"buyer-{n}", [seat_ids[50 + n]]) for n in range(20)]

    answers = await engines.race([call for pair in zip(greedy, others * 3, strict=False) for call in pair])

    mine, theirs = answers[0::2], answers[1::2]
    assert by_code(mine) == {"done": LIMIT, "purchase_limit_reached": 50 - LIMIT}
    assert by_code(theirs) == {"done": 50}
    for refused in mine:
        if not refused.done:
            assert refused.data["limit"] == LIMIT < refused.data["have"] + refused.data["wanted"]
    assert await ledger.count(SEATS_OF, "greedy") == LIMIT
    await assert_sound(ledger)


async def test_wishes_of_several_seats_never_add_up_to_more(engines, ledger, limited):
    event_id, seat_ids = limited
    wishes = [reserve_call(event_id, "greedy", seat_ids[3 * n : 3 * n + 3], key=f"k{n}") for n in range(33)]

    answers = await engines.race(wishes)

    assert by_code(answers) == {"done": 2, "purchase_limit_reached": 31}
    assert await ledger.count(SEATS_OF, "greedy") == 6
    await assert_sound(ledger)


async def test_what_is_cancelled_or_runs_out_comes_back_and_replays_count_once(engines, ledger, limited):
    """Between one wave of wishes and the next two holds end, one is sold, and all that was made is asked for again."""
    event_id, seat_ids = limited
    used = 0
    held: list[tuple[str, str, int]] = []
    for wave in range(4):
        wanted = range(used, used + 20)
        used += 20
        new = [reserve_call(event_id, "greedy", [seat_ids[n]], key=f"k{n}") for n in wanted]
        again = [reserve_call(event_id, "greedy", [seat_ids[n]], key=key) for _, key, n in held]
        endings = [resolve_call("cancel", held[0][0], "greedy")] * 2 if held else []
        if len(held) > 2:
            await ledger.let_hold_run_out(held[1][0], after_seconds=0)
            endings.append(resolve_call("confirm", held[2][0], "greedy"))

        answers = await engines.race([*endings, *new, *again])

        made = answers[len(endings) : len(endings) + len(new)]
        replays = answers[len(endings) + len(new) :]
        assert {answer.code for answer in answers[: len(endings)]} <= {"done"}
        assert [answer.reservation_id for answer in replays] == [one for one, _, _ in held]
        assert set(by_code(made)) == {"done", "purchase_limit_reached"}
        # The seat of the cancelled hold may have been freed too late for this round.
        freed = LIMIT if wave == 0 else 2
        assert freed - (1 if wave else 0) <= len(winners(made)) <= freed
        assert await ledger.count(SEATS_OF, "greedy") <= LIMIT
        if wave:
            sold = {held[2][0]}
            held = [one for one in held[2:] if one[0] not in sold]
        held += [(one.reservation_id, f"k{n}", n) for one, n in zip(made, wanted, strict=True) if one.done]
        if wave and await ledger.count(SEATS_OF, "greedy") < LIMIT:
            n = used
            used += 1
            [late] = await engines.race([reserve_call(event_id, "greedy", [seat_ids[n]], key=f"k{n}")])
            assert late.done, late
            held.append((late.reservation_id, f"k{n}", n))
        assert await ledger.count(SEATS_OF, "greedy") == LIMIT
    await assert_sound(ledger)
