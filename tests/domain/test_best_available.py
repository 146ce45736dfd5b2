"""`decide()` on requests that leave the choice of seats to us."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rows import HOLD, NOON, PRICES, SEATS, Rows, best, new_event, wish
from holdfast.domain.booking.channels import Channel, digest_of
from holdfast.domain.booking.choosing.wish import Together
from holdfast.domain.booking.commands import Cancel, Done, Postponed, Refused
from holdfast.domain.booking.decide import decide, foresee


def one(rows: Rows, command, now=NOON):
    (outcome,) = rows.write([command], now).outcomes
    return outcome


def code(outcome) -> str:
    assert isinstance(outcome, Refused)
    return outcome.refusal.code


def test_the_hold_has_the_chosen_seats_at_their_prices():
    rows = Rows()
    outcome = one(rows, best(1, 2))
    assert outcome.reservation.seat_ids == tuple(SEATS[2:4])
    assert outcome.reservation.prices == (PRICES[SEATS[2]], PRICES[SEATS[3]])
    assert outcome.version == 2
    rows.check()


def test_a_replay_returns_the_seats_of_the_first_time_and_another_wish_is_another():
    rows = Rows()
    first = one(rows, best(1, 2, key="k"))
    one(rows, wish(2, "bob", seats=SEATS[:1]))
    again = one(rows, best(3, 2, key="k"))
    assert (again.reservation, again.replayed) == (first.reservation, True)
    assert code(one(rows, best(4, 3, key="k"))) == "idempotency_key_reused"
    assert code(one(rows, wish(5, key="k", seats=first.reservation.seat_ids))) == "idempotency_key_reused"


def test_refusals_say_how_many_seats_are_left():
    rows = Rows()
    one(rows, wish(1, seats=SEATS[:3]))
    short = one(rows, best(2, 4))
    assert code(short) == "not_enough_seats"
    assert (short.refusal.data, short.refusal.version) == ({"left": 3, "wanted": 4}, 2)
    one(rows, wish(3, seats=SEATS[4:5]))
    assert code(one(rows, best(4, 2, together=Together.REQUIRED))) == "not_together"
    assert code(one(rows, best(5, 1, section="nowhere"))) == "invalid_request"
    assert isinstance(one(rows, best(6, 2)), Done)


def test_the_checks_before_the_seats_come_in_the_contracts_order():
    closed = Rows(new_event(start_at=NOON, max_seats_per_buyer=1))
    assert code(one(closed, best(1, 7))) == "booking_closed"
    limited = Rows(new_event(max_seats_per_buyer=2))
    assert code(one(limited, best(1, 7))) == "purchase_limit_reached"
    assert isinstance(one(limited, best(2, 2)), Done)
    assert code(one(limited, best(3, 1))) == "purchase_limit_reached"


def test_what_commands_before_it_in_the_batch_took_and_freed_counts():
    rows = Rows()
    held = one(rows, best(1, 6)).reservation
    outcomes = rows.write([Cancel(held.id, "ann"), wish(2, seats=SEATS[:2]), best(3, 4), best(4, 1)]).outcomes
    assert outcomes[2].reservation.seat_ids == tuple(SEATS[2:])
    assert code(outcomes[3]) == "not_enough_seats"
    rows.check()


def test_seats_of_holds_that_ran_out_are_free_at_that_instant():
    rows = Rows()
    one(rows, best(1, 6))
    assert isinstance(one(rows, best(2, 6, "bob"), NOON + HOLD), Done)
    rows.check()


def test_nothing_is_refused_while_more_holds_may_have_run_out_or_the_seats_are_not_known():
    rows = Rows()
    one(rows, best(1, 6))
    command = best(2, 1)
    snapshot = rows.snapshot([command], NOON)
    assert decide(replace(snapshot, more_overdue=True), [command], NOON, hold=HOLD).outcomes == [Postponed(load=False)]
    unknown = decide(replace(snapshot, free_seats=None), [command], NOON, hold=HOLD)
    assert (unknown.outcomes, unknown.changes) == ([Postponed(load=True)], None)
    again = best(1, 6)
    replay = decide(replace(rows.snapshot([again], NOON), free_seats=None), [again], NOON, hold=HOLD)
    assert isinstance(replay.outcomes[0], Done)


def test_deciding_changes_nothing_of_what_was_loaded():
    rows = Rows()
    commands = [best(1, 2), wish(2, seats=SEATS[:1])]
    snapshot = rows.snapshot(commands, NOON)
    masks = list(snapshot.free_seats.masks)
    first = decide(snapshot, commands, NOON, hold=HOLD)
    assert snapshot.free_seats.masks == masks
    assert decide(snapshot, commands, NOON, hold=HOLD) == first


def test_a_read_without_the_lock_foresees_nothing_about_seats():
    rows = Rows()
    done = one(rows, best(1, 6))
    wishes = [best(2, 1), best(1, 6)]
    assert foresee(rows.snapshot(wishes, NOON), wishes, NOON) == [None, done.reservation]


@pytest.mark.parametrize("code_named", [None, "wrong", "right"])
def test_the_seats_of_a_channel_are_chosen_only_for_those_who_reach_it(code_named):
    rows = Rows(
        channels={"fans": Channel("fans", digest_of("right"), None, opened=False, kept_back=3)},
        channel_of=dict.fromkeys(SEATS[:3], "fans"),
    )
    digest = None if code_named is None else digest_of(code_named)
    command = replace(best(1, 4), code_digest=digest)
    outcome = one(rows, command)
    if code_named == "right":
        assert isinstance(outcome, Done)
        in_channel = sum(seat in rows.channel_of for seat in outcome.reservation.seat_ids)
        assert rows.channels["fans"].kept_back == 3 - in_channel < 3
    else:
        assert outcome.refusal.data == {"left": 3, "wanted": 4}
    rows.check()


def test_nobody_is_refused_in_the_batch_that_opens_a_channel():
    """Its companion seats may be sold alone from then on, but the free seats were loaded before."""
    channel = Channel("fans", None, NOON, opened=False, kept_back=3)
    rows = Rows(channels={"fans": channel}, channel_of=dict.fromkeys(SEATS[:3], "fans"))
    assert one(rows, best(1, 7)) == Postponed(load=True)
    assert code(one(rows, best(2, 7))) == "not_enough_seats"
    assert isinstance(one(rows, best(3, 6)), Done)
    rows.check()


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.sampled_from(Together))
def test_every_seat_can_be_sold(counts, together):
    rows = Rows()
    left = len(SEATS)
    for number, count in enumerate(counts):
        outcome = one(rows, best(number + 1, count, f"user {number}", together=together))
        if isinstance(outcome, Done):
            left -= count
        else:
            assert left < count or together is Together.REQUIRED
    rows.check()
