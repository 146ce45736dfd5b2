"""Channels keep seats back from everybody who does not name their code."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rows import HOLD, NOON, SEATS, Rows, new_event, wish
from domain.test_decide_properties import batches, has_changed_nothing
from holdfast.domain.booking.channels import Channel, EventChannels, digest_of
from holdfast.domain.booking.commands import Cancel, ChangeSeats, Confirm, Done, Expire, Refused, Reserve
from holdfast.domain.booking.decide import foresee, foresee_changes
from holdfast.domain.booking.refusals import PurchaseLimitReached, SeatsNotFound, SeatsUnavailable
from holdfast.domain.booking.snapshot import ChangeKind

FANS = digest_of("fans")
PRESS = digest_of("press")
LATER = NOON + timedelta(hours=1)


def a_channel(key="fans", **values) -> Channel:
    given = {"key": key, "code_digest": FANS, "opens_to_all_at": LATER, "opened": False, "kept_back": 0}
    return Channel(**{**given, **values})


def rows_with(**channels) -> Rows:
    """Return rows with these channels: (the channel, its seats)."""
    rows = Rows()
    for key, (channel, seats) in channels.items():
        rows.channels[key] = replace(channel, key=key, kept_back=len(seats))
        rows.channel_of |= dict.fromkeys(seats, key)
    return rows


@pytest.fixture
def rows():
    """Seats 0 and 1 are the fans', 2 is a house seat that no code reaches, 3 to 5 are for everybody."""
    house = a_channel(code_digest=None, opens_to_all_at=None)
    return rows_with(fans=(a_channel(), SEATS[:2]), house=(house, SEATS[2:3]))


def refused_seats(decision, place=0):
    """Return the seats that a refusal names, or None for a wish that was held."""
    outcome = decision.outcomes[place]
    if isinstance(outcome, Done):
        return None
    assert isinstance(outcome.refusal, SeatsUnavailable), outcome
    return outcome.refusal.seat_ids


def test_only_the_code_reaches_the_seats_of_a_channel(rows):
    assert refused_seats(rows.write([wish(7, seats=SEATS[:1])])) == (SEATS[0],)
    assert refused_seats(rows.write([wish(8, seats=SEATS[:1], code_digest=PRESS)])) == (SEATS[0],)
    assert refused_seats(rows.write([wish(9, seats=SEATS[:1], code_digest=FANS)])) is None
    rows.check()
    assert rows.channels["fans"].kept_back == 1


def test_a_wish_with_a_code_may_also_have_seats_of_no_channel(rows):
    assert refused_seats(rows.write([wish(7, seats=SEATS[1:5:2], code_digest=FANS)])) is None


def test_every_seat_out_of_reach_is_named_with_those_taken(rows):
    rows.write([wish(7, "bob", seats=SEATS[4:5])])
    decision = rows.write([wish(8, seats=(SEATS[0], SEATS[3], SEATS[2], SEATS[4]))])
    assert refused_seats(decision) == (SEATS[0], SEATS[2], SEATS[4])


def test_no_code_reaches_a_block_but_the_box_office_does(rows):
    assert refused_seats(rows.write([wish(7, seats=SEATS[2:3], code_digest=FANS)])) == (SEATS[2],)
    assert refused_seats(rows.write([wish(8, seats=SEATS[:3], uses_channels=True)])) is None
    rows.check()


def test_from_its_instant_on_the_seats_are_for_all_and_that_is_recorded_once(rows):
    just_before = LATER - timedelta(microseconds=1)
    assert refused_seats(rows.write([wish(7, seats=SEATS[:1])], just_before)) == (SEATS[0],)
    decision = rows.write([wish(8, seats=SEATS[:1]), wish(9, "bob", seats=SEATS[1:2])], LATER)
    assert [refused_seats(decision, place) for place in (0, 1)] == [None, None]
    assert [(entry.kind, entry.detail) for entry in decision.changes.log] == [
        (ChangeKind.CHANNEL_OPENED, "fans"),
        (ChangeKind.RESERVED, None),
        (ChangeKind.RESERVED, None),
    ]
    assert refused_seats(rows.write([wish(10, seats=SEATS[2:3])], LATER)) == (SEATS[2],)
    assert not rows.write([Expire(10)], LATER + HOLD / 2).changes
    rows.check()


def test_the_opening_is_recorded_even_if_every_command_is_refused(rows):
    decision = rows.write([wish(7, seats=[UUID(int=999)])], LATER)
    assert isinstance(decision.outcomes[0].refusal, SeatsNotFound)
    assert rows.channels["fans"].opened


def test_channels_open_in_the_order_of_their_times_before_holds_expire(rows):
    rows.channels["house"] = replace(rows.channels["house"], opens_to_all_at=LATER - timedelta(minutes=1))
    rows.write([wish(7, seats=SEATS[:1], code_digest=FANS)], LATER - HOLD)
    decision = rows.write([Expire(1)], LATER)
    assert [entry.detail or entry.kind for entry in decision.changes.log] == ["house", "fans", ChangeKind.EXPIRED]
    assert decision.changes.log[-1].kept_back_seat_ids == ()  # the channel has just been opened
    rows.check()


@pytest.mark.parametrize("ending", [Cancel, None])
def test_a_freed_seat_goes_back_to_its_channel_and_the_log_says_so(rows, ending):
    rows.write([wish(7, seats=(SEATS[0], SEATS[3]), code_digest=FANS)])
    decision = rows.write([ending(UUID(int=7), "ann")]) if ending else rows.write([Expire(1)], NOON + HOLD)
    (entry,) = decision.changes.log
    assert (entry.seat_ids, entry.kept_back_seat_ids) == ((SEATS[0], SEATS[3]), (SEATS[0],))
    assert refused_seats(rows.write([wish(8, seats=SEATS[:1])], NOON + HOLD)) == (SEATS[0],)
    rows.check()


def test_a_seat_freed_and_taken_again_in_one_batch_is_counted_once(rows):
    rows.write([wish(7, seats=SEATS[:1], code_digest=FANS)])
    decision = rows.write([wish(8, "bob", seats=SEATS[:1], code_digest=FANS)], NOON + HOLD)
    assert decision.changes.channels == []
    assert [len(entry.kept_back_seat_ids) for entry in decision.changes.log] == [1, 0]
    rows.check()


def test_what_somebody_holds_they_may_buy_whatever_became_of_the_channel(rows):
    rows.write([wish(7, seats=SEATS[3:4])])
    rows.channel_of[SEATS[3]] = "house"  # kept back while it was held: it joins when it is freed
    decision = rows.write([Confirm(UUID(int=7), "ann")])
    assert isinstance(decision.outcomes[0], Done)
    rows.check()


def test_a_replay_needs_no_code(rows):
    rows.write([wish(7, key="k", seats=SEATS[:1], code_digest=FANS)])
    again = rows.write([wish(8, key="k", seats=SEATS[:1])]).outcomes[0]
    assert again.replayed


def test_the_limit_is_checked_first(rows):
    rows.event = new_event(max_seats_per_buyer=1)
    assert isinstance(rows.write([wish(7, seats=SEATS[:2])]).outcomes[0].refusal, PurchaseLimitReached)


def test_an_unlocked_read_says_the_same(rows):
    wishes = [wish(7, seats=SEATS[:1]), wish(8, seats=SEATS[:1], code_digest=FANS), wish(9, seats=SEATS[3:4])]
    told = foresee(rows.snapshot(wishes, NOON), wishes, NOON)
    assert [type(one) for one in told] == [SeatsUnavailable, type(None), type(None)]
    assert foresee(rows.snapshot(wishes, LATER), wishes, LATER) == [None] * 3


def test_so_does_one_before_a_change_of_seats(rows):
    rows.write([wish(7, seats=SEATS[3:4])], LATER - HOLD / 2)
    change = ChangeSeats.wish(change_id=UUID(int=8), reservation_id=UUID(int=7), user_id="ann", seat_ids=SEATS[:1])
    just_before = LATER - timedelta(microseconds=1)
    [refused] = foresee_changes(rows.snapshot([change], just_before), [change], just_before)
    assert isinstance(refused, SeatsUnavailable)
    assert foresee_changes(rows.snapshot([change], LATER), [change], LATER) == [(SEATS[0],)]


def test_a_choice_knows_which_channels_a_wish_does_not_reach(rows):
    channels = EventChannels(rows.channels, {})
    assert channels.closed_to(None) == {"fans", "house"}
    assert channels.closed_to(FANS) == {"house"}
    assert channels.open_due(LATER) == ["fans"]
    assert channels.closed_to(None) == {"house"}


@st.composite
def channelled(draw):
    """Draw rows with channels, and a history of batches some of whose wishes name a code."""
    opens = st.one_of(st.none(), st.integers(0, 4_000).map(lambda seconds: NOON + timedelta(seconds=seconds)))
    rows = Rows()
    for key, code in (("fans", FANS), ("house", None)):
        rows.channels[key] = a_channel(key, code_digest=code, opens_to_all_at=draw(opens))
    for seat in SEATS:
        key = draw(st.sampled_from(["fans", "house", None]))
        if key is not None:
            rows.channel_of[seat] = key
            rows.channels[key] = replace(rows.channels[key], kept_back=rows.channels[key].kept_back + 1)
    codes = st.sampled_from([None, FANS, PRESS])
    history = []
    for batch, pause in draw(batches()):
        given = [
            replace(command, code_digest=draw(codes)) if isinstance(command, Reserve) else command for command in batch
        ]
        history.append((given, pause))
    return rows, history


@given(channelled())
def test_no_seat_is_held_out_of_reach_whatever_happens(drawn):
    """And the counts of free seats, the openings and the log's kept-back seats are right after every batch."""
    rows, history = drawn
    now, kept = NOON, set(rows.channel_of)
    for batch, pause in history:
        now += pause
        before = set(rows.reservations)
        decision = rows.write(batch, now)
        rows.check()
        codes = [(command.reservation_id, command.code_digest) for command in batch if isinstance(command, Reserve)]
        for made in set(rows.reservations) - before:
            for seat in rows.reservations[made].seat_ids:
                channel = rows.channels.get(rows.channel_of.get(seat, ""))
                named = [code for reservation_id, code in codes if reservation_id == made]
                assert channel is None or channel.opened or any(map(channel.has_code, named))
        for channel in rows.channels.values():
            due = channel.opens_to_all_at is not None and channel.opens_to_all_at <= now
            assert channel.opened == due
        for entry in decision.changes.log if decision.changes else ():
            if entry.kind is ChangeKind.CHANNEL_OPENED:
                kept -= {seat for seat, key in rows.channel_of.items() if key == entry.detail}
            kept -= set(entry.seat_ids)
            kept |= set(entry.kept_back_seat_ids)
        closed = {key for key, channel in rows.channels.items() if not channel.opened}
        assert kept == {seat for seat, key in rows.channel_of.items() if key in closed and seat not in rows.claims}, (
            "the log tells other seats to be kept back"
        )


@given(channelled())
def test_a_batch_with_codes_submitted_again_stands_by_what_it_has_done(drawn):
    rows, history = drawn
    now = NOON
    for batch, pause in history:
        now += pause
        first = rows.write(batch, now)
        again = rows.write(batch, now)
        rows.check()
        for command, one, other in zip(batch, first.outcomes, again.outcomes, strict=True):
            if isinstance(one, Done) and not has_changed_nothing(command, rows):
                assert isinstance(other, Done)
                assert one.reservation.id == other.reservation.id
        idle = any(has_changed_nothing(command, rows) for command in batch)
        if not idle and not any(isinstance(outcome, Refused) for outcome in first.outcomes):
            assert again.changes is None
