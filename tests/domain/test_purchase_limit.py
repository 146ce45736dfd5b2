"""How many seats of an event one buyer may have."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rows import HOLD, NOON, SEATS, Rows, new_event, wish
from domain.test_decide_properties import batches
from holdfast.domain.booking.commands import Cancel, ChangeSeats, Confirm, Done, Refused
from holdfast.domain.booking.decide import foresee
from holdfast.domain.booking.refusals import PurchaseLimitReached, SeatsNotFound, SeatsUnavailable
from holdfast.domain.catalogue.event import EventDetails
from holdfast.domain.refusal import InvalidValue

LIMIT = 2


@pytest.fixture
def rows():
    return Rows(event=new_event(max_seats_per_buyer=LIMIT))


def told(decision, place=0):
    """Return the refusal of a wish over the limit, or True for one that was held."""
    outcome = decision.outcomes[place]
    if isinstance(outcome, Done):
        return True
    assert isinstance(outcome.refusal, PurchaseLimitReached), outcome
    return outcome.refusal.data


def test_nobody_holds_more_than_the_limit_and_the_refusal_says_how_many(rows):
    assert told(rows.write([wish(7)])) is True
    decision = rows.write([wish(8, seats=SEATS[1:3])])
    assert told(decision) == {"limit": 2, "have": 1, "wanted": 2}
    assert decision.outcomes[0].refusal.version == rows.event.version
    assert decision.changes is None
    assert told(rows.write([wish(9, seats=SEATS[1:2])])) is True
    rows.check()


def test_a_wish_beyond_the_limit_is_refused_whole_at_once(rows):
    assert told(rows.decide([wish(7, seats=SEATS[:3])])) == {"limit": 2, "have": 0, "wanted": 3}


def test_the_wishes_of_a_batch_add_up_for_each_buyer_alone(rows):
    wishes = [wish(7), wish(8, "bob", seats=SEATS[1:2]), wish(9, seats=SEATS[2:3]), wish(10, seats=SEATS[3:4])]
    decision = rows.write(wishes)
    assert [told(decision, place) for place in range(3)] == [True] * 3
    assert told(decision, 3) == {"limit": 2, "have": 2, "wanted": 1}


def test_what_was_bought_counts_and_confirming_at_the_limit_is_never_refused(rows):
    rows.write([wish(7, seats=SEATS[:2])])
    decision = rows.write([Confirm(UUID(int=7), "ann"), wish(8, seats=SEATS[2:3])])
    assert told(decision) is True
    assert told(decision, 1) == {"limit": 2, "have": 2, "wanted": 1}


def test_a_cancelled_hold_gives_back_at_once_and_only_once(rows):
    rows.write([wish(7, seats=SEATS[:2])])
    again = [Cancel(UUID(int=7), "ann")] * 2
    decision = rows.write([*again, wish(8, seats=SEATS[2:4]), wish(9, seats=SEATS[4:5])])
    assert told(decision, 2) is True
    assert told(decision, 3) == {"limit": 2, "have": 2, "wanted": 1}
    rows.check()


def test_somebody_elses_cancellation_gives_nothing_back(rows):
    rows.write([wish(7, "bob", seats=SEATS[:2]), wish(8, seats=SEATS[2:4])])
    decision = rows.write([Cancel(UUID(int=8), "bob"), Cancel(UUID(int=7), "bob"), wish(9, seats=SEATS[4:5])])
    assert told(decision, 2) == {"limit": 2, "have": 2, "wanted": 1}


@pytest.mark.parametrize("overdue_max", [0, 64], ids=["unrecorded", "recorded first"])
def test_a_hold_that_ran_out_no_longer_counts_recorded_or_not(rows, overdue_max):
    """A batch expires only a limited number of holds, and the buyer's may not be among them."""
    rows.write([wish(7), wish(8, "bob", seats=SEATS[1:2])])
    rows.write([wish(9, seats=SEATS[2:3])], NOON + HOLD / 2)
    late = NOON + HOLD
    wishes = [wish(10, seats=SEATS[3:4]), wish(11, seats=SEATS[4:5])]
    snapshot = rows.snapshot(wishes, late, overdue_max=overdue_max)
    assert snapshot.seats_by_buyer == {"ann": 1}
    free, over = foresee(snapshot, [wishes[0], replace_seats(wishes[1], SEATS[3:5])], late)
    assert free is None
    assert over.data == {"limit": 2, "have": 1, "wanted": 2}


def replace_seats(one, seats):
    return wish(one.reservation_id.int, one.user_id, one.idempotency_key, seats)


def test_a_replay_counts_once_and_is_answered_at_the_limit(rows):
    rows.write([wish(7, key="k", seats=SEATS[:2])])
    decision = rows.write([wish(8, key="k", seats=SEATS[:2]), wish(9, seats=SEATS[2:3])])
    assert decision.outcomes[0].replayed
    assert told(decision, 1) == {"limit": 2, "have": 2, "wanted": 1}
    assert told(Rows(event=rows.event).write([wish(8, key="k"), wish(9, key="k"), wish(10, seats=SEATS[1:2])]), 2)


def test_ones_own_commit_is_found_before_the_limit_is_looked_at(rows):
    """A resubmitted batch finds its own reservation, which has brought the buyer to the limit."""
    mine = wish(7, seats=SEATS[:2])
    rows.write([mine])
    assert told(rows.write([mine])) is True


def test_a_lowered_limit_takes_nothing_away(rows):
    rows.write([wish(7, seats=SEATS[:2])])
    rows.event = replace(rows.event, max_seats_per_buyer=1)
    decision = rows.write([wish(8, seats=SEATS[2:3]), Confirm(UUID(int=7), "ann")])
    assert told(decision) == {"limit": 1, "have": 2, "wanted": 1}
    assert told(decision, 1) is True


def test_unknown_seats_come_before_the_limit_and_taken_ones_after_it(rows):
    rows.write([wish(7, "bob"), wish(8, seats=SEATS[1:3])])
    strange = rows.decide([wish(9, seats=(UUID(int=999),))]).outcomes[0]
    assert isinstance(strange.refusal, SeatsNotFound)
    assert told(rows.decide([wish(9)])) == {"limit": 2, "have": 2, "wanted": 1}
    rows.event = replace(rows.event, max_seats_per_buyer=3)
    assert isinstance(rows.decide([wish(9)]).outcomes[0].refusal, SeatsUnavailable)


def test_the_box_office_goes_beyond_the_limit_and_what_it_held_counts_for_the_buyer(rows):
    beyond = replace(wish(7, seats=SEATS[:3]), beyond_limit=True)
    assert foresee(rows.snapshot([beyond], NOON), [beyond], NOON) == [None]
    decision = rows.write([beyond, wish(8, seats=SEATS[3:4])])
    assert decision.outcomes[0].reservation.beyond_limit
    assert told(decision, 1) == {"limit": 2, "have": 3, "wanted": 1}
    rows.check()


def test_an_unlocked_read_says_it_too_at_its_version(rows):
    rows.write([wish(7, seats=SEATS[:2])])
    wishes = [wish(8, seats=SEATS[2:3]), wish(9, "bob", seats=SEATS[2:3]), wish(10, "bob", seats=SEATS[3:5])]
    over, free, also_free = foresee(rows.snapshot(wishes, NOON), wishes, NOON)
    assert isinstance(over, PurchaseLimitReached)
    assert over.version == rows.event.version
    assert (free, also_free) == (None, None)


@pytest.mark.parametrize("limit", [0, -1, 1_001])
def test_a_limit_is_1_to_1000_or_none(limit):
    details = {"name": "Concert", "description": "", "venue": "", "start_at": NOON, "end_at": NOON, "total_seats": 10}
    for legal in (1, 1_000, None):
        EventDetails(**details, max_seats_per_buyer=legal)
    with pytest.raises(InvalidValue, match="max_seats_per_buyer"):
        EventDetails(**details, max_seats_per_buyer=limit)


@given(batches(), st.integers(1, 4))
def test_nobody_ever_has_more_and_nobody_is_refused_who_has_less(history, limit):
    """For any commands in any order. The count is taken from the rows of reservations, not from the snapshot."""
    limited, now = Rows(event=new_event(max_seats_per_buyer=limit)), NOON
    for batch, pause in history:
        now += pause
        for command in batch:
            had = limited.seats_of(command.user_id, now) if hasattr(command, "user_id") else 0
            changed = limited.reservations.get(command.reservation_id) if isinstance(command, ChangeSeats) else None
            (outcome,) = limited.write([command], now).outcomes
            if isinstance(outcome, Refused) and isinstance(outcome.refusal, PurchaseLimitReached):
                wanted = command.count - (len(changed.seat_ids) if changed else 0)
                assert outcome.refusal.data == {"limit": limit, "have": had, "wanted": wanted}
                assert had + wanted > limit
            assert all(limited.seats_of(user, now) <= limit for user in ("ann", "bob", "cy"))
        limited.check()


@given(batches(), st.integers(1, 4))
def test_a_limited_batch_is_as_good_as_its_commands_one_by_one(history, limit):
    event = new_event(max_seats_per_buyer=limit)
    together, alone, now = Rows(event=event), Rows(event=event), NOON
    for batch, pause in history:
        now += pause
        outcomes = together.write(batch, now).outcomes
        singly = [alone.write([command], now).outcomes[0] for command in batch]
        assert list(map(_limit_told, outcomes)) == list(map(_limit_told, singly))
    assert (together.event, together.reservations, together.log) == (alone.event, alone.reservations, alone.log)


def _limit_told(outcome):
    refusal = getattr(outcome, "refusal", None)
    return refusal.data if isinstance(refusal, PurchaseLimitReached) else type(refusal)


@given(batches())
def test_a_limit_that_nobody_reaches_changes_nothing(history):
    free, limited, now = Rows(), Rows(event=new_event(max_seats_per_buyer=1_000)), NOON
    for batch, pause in history:
        now += pause
        free.write(batch, now)
        limited.write(batch, now)
    assert limited.reservations == free.reservations
    assert limited.log == free.log
