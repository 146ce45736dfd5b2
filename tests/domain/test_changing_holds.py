"""Holds that get other seats, or are released by the seller."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain.rows import HOLD, NOON, PRICES, SEATS, change, longer, new_event, wish
from domain.test_decide import CANCELLED, STRANGE_SEAT, done, kinds, refusal
from holdfast.domain.booking.commands import Cancel, Confirm, Release
from holdfast.domain.booking.decide import foresee_changes
from holdfast.domain.booking.refusals import (
    AlreadyCancelled,
    AlreadyConfirmed,
    BookingClosed,
    HoldExpired,
    PurchaseLimitReached,
    ReservationNotFound,
    SeatsNotFound,
    SeatsUnavailable,
)
from holdfast.domain.booking.snapshot import ChangeKind
from holdfast.domain.booking.states import CancelReason
from holdfast.domain.refusal import InvalidValue

A, B, C, D = SEATS[:4]
MINUTE = timedelta(minutes=1)
SEVEN = UUID(int=7)


class TestChangeSeats:
    def test_the_hold_has_exactly_these_seats_and_one_entry_tells_both_sets(self, rows):
        rows.write([wish(7, seats=(A, B))])
        decision = rows.write([change(C, B)], NOON + MINUTE)
        made = done(decision).reservation
        assert (made.seat_ids, made.prices, made.total_amount) == (
            (C, B),
            (PRICES[C], PRICES[B]),
            PRICES[C] + PRICES[B],
        )
        assert (made.expires_at, made.created_version) == (NOON + HOLD, 2)
        (entry,) = decision.changes.log
        assert (entry.kind, entry.seat_ids, entry.freed_seat_ids) == (ChangeKind.SEATS_CHANGED, (C,), (A,))
        assert [claim.seat_id for claim in decision.changes.claims_added] == [C]
        assert [claim.seat_id for claim in decision.changes.claims_removed] == [A]
        rows.check()

    def test_its_key_still_belongs_to_the_first_wish(self, rows):
        rows.write([wish(7, key="k", seats=(A,))])
        rows.write([change(B)])
        again = done(rows.write([wish(8, key="k", seats=(A,))]))
        assert again.replayed
        assert again.reservation.seat_ids == (B,)

    def test_seats_that_stay_keep_their_price_and_added_ones_cost_what_they_cost_now(self, rows):
        rows.write([wish(7, seats=(A, B))])
        rows.prices[A] = rows.prices[C] = 77_000
        made = done(rows.write([change(A, C)])).reservation
        assert made.prices == (PRICES[A], 77_000)
        assert made.total_amount == PRICES[A] + 77_000

    def test_an_old_hold_without_prices_keeps_what_its_seats_cost(self, rows):
        rows.write([wish(7, seats=(A, B))])
        rows.reservations[SEVEN] = replace(rows.reservations[SEVEN], prices=None)
        made = done(rows.write([change(A, C)])).reservation
        assert made.prices == (PRICES[A], PRICES[C])

    def test_a_taken_seat_leaves_everything_as_it_is(self, rows):
        rows.write([wish(7, seats=(A,)), wish(8, "bob", seats=(B,))])
        decision = rows.write([change(B, C)])
        told = refusal(decision)
        assert isinstance(told, SeatsUnavailable)
        assert told.seat_ids == (B,)
        assert decision.changes is None

    def test_the_same_seats_in_any_order_change_nothing_even_when_booking_is_over(self, rows):
        rows.write([wish(7, seats=(A, B))])
        rows.event = replace(rows.event, start_at=NOON)
        decision = rows.write([change(B, A)], NOON + MINUTE)
        assert done(decision).reservation.seat_ids == (A, B)
        assert decision.changes is None
        assert isinstance(refusal(rows.write([change(B)], NOON + MINUTE)), BookingClosed)

    def test_the_first_of_several_reasons_is_told(self, rows):
        rows.event = new_event(max_seats_per_buyer=2)
        rows.write([wish(7, seats=(A, B)), wish(8, "bob", seats=(C,))])
        every = (STRANGE_SEAT, A, B, C)
        told = []
        for seats, now, user in (
            (every, NOON + HOLD, "bob"),
            (every, NOON + HOLD, "ann"),
            (every, NOON + MINUTE, "ann"),
            ((A, B, C), NOON + MINUTE, "ann"),
            ((A, C), NOON + MINUTE, "ann"),
        ):
            told.append(type(refusal(rows.decide([change(*seats, user=user)], now))))
        rows.event = replace(rows.event, start_at=NOON)
        told.append(type(refusal(rows.decide([change(*every)]))))
        assert told == [
            ReservationNotFound,
            HoldExpired,
            SeatsNotFound,
            PurchaseLimitReached,
            SeatsUnavailable,
            BookingClosed,
        ]

    def test_the_limit_counts_the_difference(self, rows):
        rows.event = new_event(max_seats_per_buyer=2)
        rows.write([wish(7, seats=(A, B))])
        assert refusal(rows.write([change(A, C, D)])).data == {"limit": 2, "have": 2, "wanted": 1}
        decision = rows.write([change(C), wish(8, seats=(A,)), wish(9, seats=(B,))])
        assert done(decision).reservation.seat_ids == (C,)
        assert done(decision, 1)
        assert refusal(decision, 2).data == {"limit": 2, "have": 2, "wanted": 1}
        rows.event = replace(rows.event, max_seats_per_buyer=1)
        assert done(rows.write([change(D)])).reservation.seat_ids == (D,)

    def test_the_box_office_goes_beyond_the_limit(self, rows):
        rows.event = new_event(max_seats_per_buyer=1)
        rows.write([wish(7)])
        assert done(rows.write([change(A, B, beyond_limit=True)])).reservation.beyond_limit

    @pytest.mark.parametrize("ann_first", [True, False])
    def test_two_buyers_who_want_each_others_seats_keep_their_own(self, rows, ann_first):
        rows.write([wish(7), wish(8, "bob", seats=(B,))])
        both = [change(B), change(A, number=8, user="bob")]
        decision = rows.write(both if ann_first else both[::-1])
        assert {type(outcome.refusal) for outcome in decision.outcomes} == {SeatsUnavailable}
        assert decision.changes is None

    @pytest.mark.parametrize("frees_first", [True, False])
    def test_a_seat_that_one_frees_and_another_takes_in_the_same_batch_moves(self, rows, frees_first):
        rows.write([wish(7), wish(8, "bob", seats=(B,))])
        both = [change(C), change(A, number=8, user="bob")]
        decision = rows.write(both if frees_first else both[::-1])
        if not frees_first:
            assert isinstance(refusal(decision), SeatsUnavailable)
            return
        ((before, after),) = decision.changes.claims_moved
        assert (before.reservation_id, after.reservation_id) == (SEVEN, UUID(int=8))
        assert [claim.seat_id for claim in decision.changes.claims_added] == [C]
        assert [claim.seat_id for claim in decision.changes.claims_removed] == [B]
        rows.check()

    def test_there_and_back_in_one_batch(self, rows):
        rows.write([wish(7, seats=(A, B))])
        decision = rows.write([change(C), change(B, A)])
        assert kinds(decision) == [ChangeKind.SEATS_CHANGED] * 2
        assert decision.changes.claims_added == decision.changes.claims_removed == []
        rows.check()

    def test_made_and_changed_in_one_batch(self, rows):
        decision = rows.write([wish(7, seats=(A,)), change(B), longer(NOON + HOLD), wish(8, "bob", seats=(A,))])
        assert [new.seat_ids for new in decision.changes.created] == [(B,), (A,)]
        assert decision.changes.changed == []
        rows.check()

    def test_submitted_again_it_finds_what_it_did_even_when_changed_since(self, rows):
        rows.write([wish(7)])
        mine = change(B)
        rows.write([mine])
        rows.write([change(C)])
        rows.write([wish(8, "bob", seats=(B,))])
        again = rows.write([mine])
        assert done(again).reservation.seat_ids == (C,)
        assert again.changes is None

    def test_nobody_changes_what_has_ended(self, rows):
        rows.write([wish(7), wish(8, seats=(B,)), Confirm(SEVEN, "ann"), Cancel(UUID(int=8), "ann")])
        decision = rows.write([change(C), change(C, number=8)])
        assert [type(refusal(decision, place)) for place in (0, 1)] == [AlreadyConfirmed, AlreadyCancelled]

    def test_an_unlocked_read_names_the_seats_to_lock_or_the_refusal(self, rows):
        rows.write([wish(7, seats=(A, B)), wish(8, "bob", seats=(C,))])
        wishes = [change(B, D), change(A, B), change(C), change(A, user="bob")]
        to_lock, nothing, taken, strange = foresee_changes(rows.snapshot(wishes, NOON), wishes, NOON)
        assert (to_lock, nothing) == ((D,), ())
        assert isinstance(taken, SeatsUnavailable)
        assert taken.version == rows.event.version
        assert isinstance(strange, ReservationNotFound)

    @pytest.mark.parametrize("seats", [(), (A, A), tuple(UUID(int=number) for number in range(21))])
    def test_one_to_twenty_different_seats(self, seats):
        with pytest.raises(InvalidValue, match="seat_ids"):
            change(*seats)


class TestRelease:
    def test_the_seller_ends_a_hold_and_the_row_says_so(self, rows):
        rows.write([wish(7, seats=(A, B))])
        decision = rows.write([Release(SEVEN), wish(8, "bob")])
        made = done(decision).reservation
        assert (made.status, made.cancel_reason) == (CANCELLED, CancelReason.SELLER)
        assert kinds(decision) == [ChangeKind.CANCELLED, ChangeKind.RESERVED]
        assert done(decision, 1)
        rows.check()

    def test_of_an_ended_one_nothing_changes_and_a_sold_one_is_refused(self, rows):
        rows.write([wish(7), Cancel(SEVEN, "ann"), wish(8, seats=(B,)), Confirm(UUID(int=8), "ann")])
        decision = rows.write([Release(SEVEN), Release(UUID(int=8)), Release(UUID(int=9))])
        assert done(decision).reservation.cancel_reason is CancelReason.USER
        assert isinstance(refusal(decision, 1), AlreadyConfirmed)
        assert isinstance(refusal(decision, 2), ReservationNotFound)
        assert decision.changes is None

    def test_confirming_it_afterwards_says_that_it_was_cancelled(self, rows):
        rows.write([wish(7), Release(SEVEN)])
        assert isinstance(refusal(rows.write([Confirm(SEVEN, "ann")])), AlreadyCancelled)
