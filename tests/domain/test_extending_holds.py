"""Holds that are extended."""

from datetime import timedelta
from uuid import UUID

from domain.rows import EVENT_ID, EXTENSIONS, HOLD, NOON, SEATS, change, longer, wish
from domain.test_decide import CANCELLED, CONFIRMED, PENDING, TICK, done, kinds, refusal
from holdfast.domain.booking.commands import Cancel, Confirm, Release
from holdfast.domain.booking.decide import decide
from holdfast.domain.booking.refusals import (
    AlreadyCancelled,
    AlreadyConfirmed,
    ExtensionLimitReached,
    HoldChanged,
    HoldExpired,
    ReservationNotFound,
)
from holdfast.domain.booking.snapshot import ChangeKind, Snapshot
from holdfast.domain.booking.states import SeatStatus

A, B = SEATS[:2]
MINUTE = timedelta(minutes=1)
SEVEN = UUID(int=7)


def test_it_lasts_as_long_again_and_its_claims_with_it(rows):
    rows.write([wish(7, seats=(A, B))])
    decision = rows.write([longer(NOON + HOLD)], NOON + 10 * MINUTE)
    made = done(decision).reservation
    assert (made.status, made.expires_at, made.extensions) == (PENDING, NOON + 10 * MINUTE + HOLD, 1)
    assert (made.created_at, made.seat_ids, made.changed_version) == (NOON, (A, B), done(decision).version)
    assert kinds(decision) == [ChangeKind.EXTENDED]
    assert decision.changes.log[0].seat_ids == (A, B)
    assert {claim.expires_at for claim in rows.claims.values()} == {made.expires_at}
    rows.check()


def test_who_does_not_know_of_the_extension_is_told_of_it_and_extends_nothing(rows):
    rows.write([wish(7)])
    first, again = longer(NOON + HOLD), longer(NOON + HOLD)
    decision = rows.write([first, again], NOON + MINUTE)
    assert done(decision).reservation == done(decision, 1).reservation
    assert kinds(decision) == [ChangeKind.EXTENDED]
    assert rows.write([longer(NOON + HOLD)], NOON + 2 * MINUTE).changes is None


def test_an_end_later_than_the_true_one_is_refused_with_the_true_one(rows):
    rows.write([wish(7)])
    told = refusal(rows.write([longer(NOON + HOLD + TICK)], NOON + MINUTE))
    assert isinstance(told, HoldChanged)
    assert told.data["expires_at"] == (NOON + HOLD).isoformat()
    assert told.version == rows.event.version


def test_twice_and_no_further(rows):
    rows.write([wish(7)])
    ends = [NOON + HOLD]
    for minutes in (1, 2):
        ends.append(done(rows.write([longer(ends[-1])], NOON + minutes * MINUTE)).reservation.expires_at)
    told = refusal(rows.write([longer(ends[-1])], NOON + 3 * MINUTE))
    assert isinstance(told, ExtensionLimitReached)
    assert told.data["expires_at"] == ends[-1].isoformat()
    assert done(rows.write([longer(ends[0])], NOON + 3 * MINUTE)).reservation.expires_at == ends[-1]


def test_never_beyond_the_longest_life_of_a_hold(rows):
    rows.write([wish(7)])
    first = done(rows.write([longer(NOON + HOLD)], NOON + 14 * MINUTE)).reservation
    second = done(rows.write([longer(first.expires_at)], NOON + 28 * MINUTE)).reservation
    assert second.expires_at == NOON + EXTENSIONS.total_max
    rows.check()


def test_it_is_never_shortened(rows):
    """As after a change of HOLD_SECONDS to less."""
    rows.write([wish(7)])
    extended = longer(NOON + HOLD)
    decision = decide(rows.snapshot([extended], NOON), [extended], NOON, hold=MINUTE, extensions=EXTENSIONS)
    assert isinstance(refusal(decision), ExtensionLimitReached)


def test_at_the_instant_of_its_end_it_is_over(rows):
    rows.write([wish(7), wish(8, "bob", seats=(B,))])
    at_the_end = rows.decide([longer(NOON + HOLD)], NOON + HOLD)
    assert isinstance(refusal(at_the_end), HoldExpired)
    assert kinds(at_the_end) == [ChangeKind.EXPIRED] * 2
    just_before = rows.write([longer(NOON + HOLD)], NOON + HOLD - TICK)
    assert done(just_before).reservation.expires_at == NOON + 2 * HOLD - TICK
    assert kinds(rows.write([wish(9, "cy", seats=(B,))], NOON + HOLD)) == [ChangeKind.EXPIRED, ChangeKind.RESERVED]
    rows.check()


def test_what_has_ended_and_what_is_not_the_callers(rows):
    rows.write([wish(7), wish(8, seats=(B,)), Confirm(SEVEN, "ann"), Cancel(UUID(int=8), "ann")])
    known = NOON + HOLD
    decision = rows.decide([longer(known), longer(known, 8), longer(known, 8, "bob"), longer(known, 9)])
    kinds_told = [type(refusal(decision, place)) for place in range(4)]
    assert kinds_told == [AlreadyConfirmed, AlreadyCancelled, ReservationNotFound, ReservationNotFound]
    nothing = decide(Snapshot(EVENT_ID, None, {}, {}, {}), [longer(known), change(A), Release(SEVEN)], NOON, hold=HOLD)
    assert {type(outcome.refusal) for outcome in nothing.outcomes} == {ReservationNotFound}


def test_extended_and_sold_in_one_batch(rows):
    rows.write([wish(7, seats=(A, B))])
    decision = rows.write([longer(NOON + HOLD), Confirm(SEVEN, "ann")], NOON + MINUTE)
    assert [claim.status for _, claim in decision.changes.claims_moved] == [SeatStatus.CONFIRMED] * 2
    assert rows.reservations[SEVEN].status is CONFIRMED
    rows.check()


def test_submitted_again_it_finds_what_it_did_even_on_a_hold_that_has_ended_since(rows):
    rows.write([wish(7)])
    batch = [longer(NOON + HOLD), Cancel(SEVEN, "ann")]
    rows.write(batch, NOON + MINUTE)
    again = rows.write(batch, NOON + 2 * MINUTE)
    assert done(again).reservation.status is CANCELLED
    assert again.changes is None
