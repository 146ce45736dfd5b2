"""The rules of a batch, one by one."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain.rows import EVENT_ID, HOLD, NOON, PRICES, SEATS, Rows, best, change, longer, new_event, wish
from holdfast.domain.booking.channels import Channel
from holdfast.domain.booking.commands import Cancel, Confirm, Done, Expire, Expired, Refused, Release
from holdfast.domain.booking.decide import decide
from holdfast.domain.booking.refusals import (
    AlreadyCancelled,
    AlreadyConfirmed,
    BookingClosed,
    HoldExpired,
    IdempotencyKeyReused,
    ReservationNotFound,
    SeatsNotFound,
    SeatsUnavailable,
)
from holdfast.domain.booking.snapshot import ChangeKind, Snapshot
from holdfast.domain.booking.states import CancelReason, ReservationStatus, SeatStatus
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound

STRANGE_SEAT = UUID(int=999)
TICK = timedelta(microseconds=1)
PENDING, CONFIRMED, CANCELLED = ReservationStatus.PENDING, ReservationStatus.CONFIRMED, ReservationStatus.CANCELLED


def refusal(decision, place=0):
    outcome = decision.outcomes[place]
    assert isinstance(outcome, Refused), outcome
    return outcome.refusal


def done(decision, place=0) -> Done:
    outcome = decision.outcomes[place]
    assert isinstance(outcome, Done), outcome
    return outcome


def kinds(decision):
    return [entry.kind for entry in decision.changes.log]


def test_a_wish_is_held_whole_at_the_prices_of_its_seats(rows):
    decision = rows.write([wish(7, seats=(SEATS[2], SEATS[0]))])
    made = done(decision)
    assert (made.version, made.replayed) == (2, False)
    assert made.reservation.status is PENDING
    assert made.reservation.seat_ids == (SEATS[2], SEATS[0])
    assert made.reservation.total_amount == PRICES[SEATS[2]] + PRICES[SEATS[0]]
    assert (made.reservation.created_at, made.reservation.expires_at) == (NOON, NOON + HOLD)
    assert kinds(decision) == [ChangeKind.RESERVED]
    rows.check()


class TestOrderOfChecks:
    """If there are several reasons to refuse a wish, the response has the contract's first one."""

    def test_a_retry_is_answered_before_anything_else_is_looked_at(self, rows):
        first = done(rows.write([wish(7, key="k")]))
        rows.write([Cancel(UUID(int=7), "ann")])
        rows.event = replace(rows.event, deleted=True, start_at=NOON - HOLD)
        again = rows.write([wish(8, key="k")])
        assert done(again).replayed
        assert done(again).reservation.id == first.reservation.id
        assert done(again).reservation.status is CANCELLED
        assert again.changes is None

    def test_a_reused_key_is_refused_before_anything_else_is_looked_at(self, rows):
        rows.write([wish(7, key="k")])
        rows.event = replace(rows.event, deleted=True, start_at=NOON - HOLD)
        assert isinstance(refusal(rows.decide([wish(8, key="k", seats=(STRANGE_SEAT,))])), IdempotencyKeyReused)

    def test_a_deleted_event_comes_before_a_closed_booking(self, rows):
        rows.event = replace(rows.event, deleted=True, start_at=NOON)
        assert isinstance(refusal(rows.decide([wish(8, seats=(STRANGE_SEAT,))])), EventNotFound)

    def test_a_closed_booking_comes_before_unknown_seats(self, rows):
        rows.event = replace(rows.event, start_at=NOON)
        assert isinstance(refusal(rows.decide([wish(8, seats=(STRANGE_SEAT,))])), BookingClosed)

    def test_unknown_seats_come_before_taken_ones_and_are_all_named(self, rows):
        rows.write([wish(7)])
        told = refusal(rows.decide([wish(8, "bob", seats=(SEATS[0], STRANGE_SEAT, UUID(int=998)))]))
        assert isinstance(told, SeatsNotFound)
        assert told.data["seat_ids"] == [str(STRANGE_SEAT), str(UUID(int=998))]

    def test_taken_seats_are_all_named_and_nothing_is_held(self, rows):
        rows.write([wish(7, seats=SEATS[:2])])
        decision = rows.decide([wish(8, "bob", seats=SEATS[:3])])
        told = refusal(decision)
        assert isinstance(told, SeatsUnavailable)
        assert told.seat_ids == tuple(SEATS[:2])
        assert told.version == rows.event.version
        assert decision.changes is None


@pytest.mark.parametrize(("before_start", "open_"), [(TICK, True), (timedelta(0), False)])
def test_booking_closes_at_the_very_start(before_start, open_):
    rows = Rows(event=new_event(start_at=NOON + before_start))
    assert isinstance(rows.decide([wish(7)]).outcomes[0], Done if open_ else Refused)


def test_there_is_no_event():
    nothing = Snapshot(EVENT_ID, None, {}, {}, {})
    decision = decide(nothing, [wish(7), Confirm(UUID(int=7), "ann"), Expire(1)], NOON, hold=HOLD)
    assert [type(refusal(decision, place)) for place in range(3)] == [EventNotFound, ReservationNotFound, EventNotFound]
    assert decision.changes is None


class TestArchivedEvents:
    """Its reservations and its log are elsewhere: nothing can be answered from the rows that are left."""

    def commands(self):
        return [wish(7), Confirm(UUID(int=7), "ann"), Cancel(UUID(int=7), "ann"), Release(UUID(int=7)), Expire(1)]

    def test_every_command_is_refused_with_the_version_and_changes_nothing(self):
        rows = Rows(event=new_event(archived=True, version=12))
        commands = [*self.commands(), longer(NOON + HOLD), change(SEATS[1]), best(9, 2)]
        decision = rows.decide(commands)
        told = [refusal(decision, place) for place in range(len(commands))]
        assert {type(one) for one in told} == {EventArchived}
        assert {one.version for one in told} == {12}
        assert decision.changes is None

    def test_it_is_refused_before_a_replay_and_before_everything_else(self, rows):
        rows.write([wish(7, key="k")])
        rows.event = replace(rows.event, archived=True, start_at=NOON - HOLD)
        assert isinstance(refusal(rows.decide([wish(8, key="k")])), EventArchived)
        assert isinstance(refusal(rows.decide([wish(8, key="k", seats=(STRANGE_SEAT,))])), EventArchived)

    @pytest.mark.parametrize("hidden", [{"deleted": True}, {"published": False}])
    def test_who_may_not_see_the_event_is_not_told_that_it_was_archived(self, hidden):
        rows = Rows(event=new_event(archived=True, **hidden))
        assert isinstance(refusal(rows.decide([wish(7)])), EventNotFound)

    def test_those_who_may_see_a_draft_are_told(self):
        rows = Rows(event=new_event(archived=True, published=False))
        assert isinstance(refusal(rows.decide([wish(7, sees_drafts=True)])), EventArchived)

    def test_channels_that_are_due_stay_closed(self):
        due = {"vip": Channel("vip", b"d" * 32, NOON - HOLD, False, 1)}
        rows = Rows(event=new_event(archived=True), channels=due, channel_of={SEATS[0]: "vip"})
        assert rows.decide([Expire(1)]).changes is None


class TestKeys:
    def test_the_same_seats_in_another_order_are_the_same_wish(self, rows):
        rows.write([wish(7, key="k", seats=SEATS[:2])])
        assert done(rows.decide([wish(8, key="k", seats=SEATS[1::-1])])).replayed

    def test_a_key_belongs_to_its_user(self, rows):
        rows.write([wish(7, key="k")])
        other = rows.write([wish(8, "bob", key="k", seats=(SEATS[1],))])
        assert not done(other).replayed

    def test_ones_own_commit_is_no_replay_and_keeps_its_version(self, rows):
        """A resubmitted batch finds what its COMMIT stored when the response was lost."""
        rows.write([wish(7, key="k")])
        rows.write([wish(9, "bob", seats=(SEATS[3],))])
        again = done(rows.decide([wish(7, key="k")]))
        assert (again.replayed, again.version) == (False, 2)

    def test_a_refused_wish_is_not_remembered(self, rows):
        rows.write([wish(7)])
        rows.write([wish(8, "bob", key="k")])
        rows.write([Cancel(UUID(int=7), "ann")])
        assert not done(rows.write([wish(9, "bob", key="k")])).replayed

    def test_twice_in_one_batch_is_one_reservation(self, rows):
        decision = rows.write([wish(7, key="k"), wish(8, key="k"), wish(9, key="k", seats=(SEATS[1],))])
        assert [done(decision, place).reservation.id.int for place in (0, 1)] == [7, 7]
        assert done(decision, 1).replayed
        assert isinstance(refusal(decision, 2), IdempotencyKeyReused)
        rows.check()

    def test_an_expired_reservation_is_replayed_as_it_now_is(self, rows):
        rows.write([wish(7, key="k")])
        decision = rows.write([wish(8, key="k")], NOON + HOLD)
        assert done(decision).replayed
        assert done(decision).reservation.cancel_reason is CancelReason.EXPIRED
        assert kinds(decision) == [ChangeKind.EXPIRED]


class TestExpiry:
    @pytest.mark.parametrize(("left", "answer"), [(TICK, Done), (timedelta(0), Refused)])
    def test_a_hold_can_be_confirmed_until_the_instant_it_ends(self, rows, left, answer):
        rows.write([wish(7)])
        decision = rows.write([Confirm(UUID(int=7), "ann")], NOON + HOLD - left)
        assert isinstance(decision.outcomes[0], answer)
        if answer is Refused:
            assert isinstance(refusal(decision), HoldExpired)
            assert kinds(decision) == [ChangeKind.EXPIRED]
        rows.check()

    def test_holds_end_first_whatever_is_asked_and_in_the_order_they_ran_out(self, rows):
        rows.write([wish(8, seats=(SEATS[1],))], NOON)
        rows.write([wish(7, seats=(SEATS[0],))], NOON - timedelta(minutes=1))
        decision = rows.write([Confirm(UUID(int=404), "ann")], NOON + HOLD)
        assert [(entry.kind, entry.reservation_id.int) for entry in decision.changes.log] == [
            (ChangeKind.EXPIRED, 7),
            (ChangeKind.EXPIRED, 8),
        ]
        assert isinstance(refusal(decision), ReservationNotFound)
        rows.check()

    def test_the_seat_of_an_ended_hold_is_free_at_once_and_moves_in_one_change(self, rows):
        rows.write([wish(7)])
        decision = rows.write([wish(8, "bob")], NOON + HOLD)
        assert done(decision).reservation.id.int == 8
        changes = decision.changes
        assert [(old.reservation_id.int, new.reservation_id.int) for old, new in changes.claims_moved] == [(7, 8)]
        assert (changes.claims_added, changes.claims_removed) == ([], [])
        assert kinds(decision) == [ChangeKind.EXPIRED, ChangeKind.RESERVED]
        rows.check()

    def test_expire_tells_how_many_ended_and_whether_to_ask_again(self, rows):
        rows.write([wish(7), wish(8, seats=(SEATS[1],))])
        assert rows.decide([Expire(2)], NOON + HOLD).outcomes == [Expired(2, 5, more=True)]
        assert rows.write([Expire(3)], NOON + HOLD).outcomes == [Expired(2, 5, more=False)]
        assert rows.write([Expire(3)], NOON + HOLD).outcomes == [Expired(0, 5, more=False)]


class TestResolving:
    def test_confirming_sells_once(self, rows):
        rows.write([wish(7)])
        first = rows.write([Confirm(UUID(int=7), "ann")], NOON + TICK)
        assert done(first).reservation.confirmed_at == NOON + TICK
        assert [(old.status, new.status) for old, new in first.changes.claims_moved] == [
            (SeatStatus.RESERVED, SeatStatus.CONFIRMED)
        ]
        again = rows.write([Confirm(UUID(int=7), "ann")], NOON + 10 * HOLD)
        assert done(again).reservation == done(first).reservation
        assert again.changes is None
        assert isinstance(refusal(rows.decide([Cancel(UUID(int=7), "ann")])), AlreadyConfirmed)

    def test_a_live_hold_can_be_confirmed_after_the_event_began(self, rows):
        rows.write([wish(7)])
        rows.event = replace(rows.event, start_at=NOON)
        assert done(rows.write([Confirm(UUID(int=7), "ann")])).reservation.status is CONFIRMED

    def test_cancelling_frees_once(self, rows):
        rows.write([wish(7)])
        first = rows.write([Cancel(UUID(int=7), "ann")])
        assert done(first).reservation.cancel_reason is CancelReason.USER
        assert [claim.seat_id for claim in first.changes.claims_removed] == [SEATS[0]]
        assert rows.write([Cancel(UUID(int=7), "ann")]).changes is None
        assert isinstance(refusal(rows.decide([Confirm(UUID(int=7), "ann")])), AlreadyCancelled)

    def test_cancelling_what_has_run_out_is_fine(self, rows):
        rows.write([wish(7)])
        decision = rows.write([Cancel(UUID(int=7), "ann")], NOON + HOLD)
        assert done(decision).reservation.cancel_reason is CancelReason.EXPIRED

    @pytest.mark.parametrize("verb", [Confirm, Cancel])
    def test_somebody_elses_is_answered_as_one_that_does_not_exist(self, rows, verb):
        rows.write([wish(7)])
        theirs = refusal(rows.decide([verb(UUID(int=7), "bob")]))
        none = refusal(rows.decide([verb(UUID(int=6), "bob")]))
        assert type(theirs) is type(none) is ReservationNotFound
        assert str(theirs).replace("7", "6") == str(none)


class TestNetting:
    def test_made_and_cancelled_in_one_batch_leaves_one_row_and_no_claim(self, rows):
        decision = rows.write([wish(7), Cancel(UUID(int=7), "ann")])
        changes = decision.changes
        assert [(made.status, made.created_version, made.changed_version) for made in changes.created] == [
            (CANCELLED, 2, 3)
        ]
        assert (changes.changed, changes.claims_added, changes.claims_moved, changes.claims_removed) == ([], [], [], [])
        assert kinds(decision) == [ChangeKind.RESERVED, ChangeKind.CANCELLED]
        rows.check()

    def test_cancelled_and_taken_by_another_is_one_moved_claim(self, rows):
        rows.write([wish(7)])
        decision = rows.write([Cancel(UUID(int=7), "ann"), wish(8, "bob")])
        assert len(decision.changes.claims_moved) == 1
        assert not decision.changes.claims_added + decision.changes.claims_removed
        rows.check()

    def test_made_and_confirmed_in_one_batch_is_one_added_claim(self, rows):
        decision = rows.write([wish(7), Confirm(UUID(int=7), "ann")])
        assert [claim.status for claim in decision.changes.claims_added] == [SeatStatus.CONFIRMED]
        rows.check()

    def test_the_first_of_a_batch_wins_the_seat(self, rows):
        decision = rows.write([wish(7), wish(8, "bob"), wish(9, "cy", seats=SEATS[:2])])
        assert done(decision).reservation.id.int == 7
        assert isinstance(refusal(decision, 1), SeatsUnavailable)
        assert refusal(decision, 2).seat_ids == (SEATS[0],)
        rows.check()
