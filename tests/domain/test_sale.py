"""When a sale is open, and who turns a hold into a sale."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rows import HOLD, NOON, SEATS, Rows, new_event, wish
from domain.test_decide import STRANGE_SEAT, TICK, refusal
from domain.test_decide_properties import batches
from holdfast.domain.booking.commands import Cancel, Confirm, Done, Refused, Reserve
from holdfast.domain.booking.decide import foresee
from holdfast.domain.booking.refusals import (
    AlreadyCancelled,
    BookingClosed,
    HoldExpired,
    ReservationNotFound,
    SaleNotOpen,
    SellerConfirms,
)
from holdfast.domain.booking.states import ReservationStatus
from holdfast.domain.catalogue.event import EventDetails
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.domain.refusal import InvalidValue

HOUR = timedelta(hours=1)
HELD = UUID(int=7)


def of(decision, place=0):
    """Return what a command got: the kind of its refusal, or the state of its reservation."""
    outcome = decision.outcomes[place]
    return type(outcome.refusal) if isinstance(outcome, Refused) else outcome.reservation.status


def test_a_sale_is_open_from_its_opening_until_before_its_closing():
    rows = Rows(event=new_event(sale_opens_at=NOON, sale_closes_at=NOON + HOUR))
    found = {
        now: of(rows.decide([wish(7)], NOON + now)) for now in (-TICK, timedelta(0), HOUR - TICK, HOUR, HOUR + TICK)
    }
    pending = ReservationStatus.PENDING
    assert list(found.values()) == [SaleNotOpen, pending, pending, BookingClosed, BookingClosed]


def test_the_refusals_say_when_at_their_version():
    rows = Rows(event=new_event(sale_opens_at=NOON + HOUR, sale_closes_at=NOON + 2 * HOUR))
    early, late = refusal(rows.decide([wish(7)])), refusal(rows.decide([wish(7)], NOON + 2 * HOUR))
    assert early.data["opens_at"] == "2030-06-01T13:00:00Z"
    assert (late.data["closed_at"], late.data["start_at"]) == ("2030-06-01T14:00:00Z", "2030-06-02T12:00:00Z")
    assert early.version == late.version == rows.event.version


@pytest.mark.parametrize("closes_in", [timedelta(days=2), timedelta(days=1), None])
def test_an_event_that_begins_is_no_longer_sold_whatever_its_closing(closes_in):
    start_at = NOON + timedelta(days=1)
    closes_at = None if closes_in is None else NOON + closes_in
    rows = Rows(event=new_event(start_at=start_at, sale_closes_at=closes_at))
    assert of(rows.decide([wish(7)], start_at - TICK)) is ReservationStatus.PENDING
    assert refusal(rows.decide([wish(7)], start_at)).data["closed_at"] == "2030-06-02T12:00:00Z"


def test_a_closing_that_is_not_given_follows_the_start():
    rows = Rows()
    rows.event = replace(rows.event, start_at=NOON)
    assert of(rows.decide([wish(7)])) is BookingClosed
    rows.event = replace(rows.event, start_at=NOON + TICK)
    assert of(rows.decide([wish(7)])) is ReservationStatus.PENDING


def test_the_opening_comes_after_the_key_and_the_event_and_before_the_seats():
    rows = Rows()
    rows.write([wish(7, key="k")])
    rows.event = replace(rows.event, sale_opens_at=NOON + HOUR)
    assert rows.decide([wish(8, key="k")]).outcomes[0].replayed
    for seats in ((SEATS[0],), (STRANGE_SEAT,)):
        assert of(rows.decide([wish(9, seats=seats)])) is SaleNotOpen
    rows.event = replace(rows.event, published=False)
    assert of(rows.decide([wish(9)])) is EventNotFound


def test_what_is_held_can_be_bought_whatever_becomes_of_the_times():
    for times in ({"sale_opens_at": NOON + HOUR}, {"sale_closes_at": NOON - HOUR}, {"start_at": NOON}):
        rows = Rows()
        rows.write([wish(7), wish(8, seats=SEATS[1:2])])
        rows.event = replace(rows.event, **times)
        decision = rows.write([Confirm(HELD, "ann"), Cancel(UUID(int=8), "ann")])
        assert (of(decision), of(decision, 1)) == (ReservationStatus.CONFIRMED, ReservationStatus.CANCELLED)
        rows.check()


def test_an_unlocked_read_says_it_too_by_its_own_time():
    rows = Rows(event=new_event(sale_opens_at=NOON, sale_closes_at=NOON + HOUR))
    for now, wanted in ((NOON - TICK, SaleNotOpen), (NOON, None), (NOON + HOUR, BookingClosed)):
        (seen,) = foresee(rows.snapshot([wish(7)], now), [wish(7)], now)
        assert (None if seen is None else type(seen)) is wanted
        assert seen is None or seen.version == rows.event.version


class TestSeller:
    @pytest.fixture
    def rows(self):
        rows = Rows(event=new_event(seller_confirms=True))
        rows.write([wish(7)])
        return rows

    def test_only_the_seller_confirms(self, rows):
        decision = rows.decide([Confirm(HELD, "ann")])
        assert of(decision) is SellerConfirms
        assert refusal(decision).version == rows.event.version
        assert decision.changes is None
        assert of(rows.write([Confirm(HELD, "ann", by_seller=True)])) is ReservationStatus.CONFIRMED
        rows.check()

    def test_the_buyer_is_shown_what_the_seller_has_confirmed(self, rows):
        rows.write([Confirm(HELD, "ann", by_seller=True)])
        again = rows.decide([Confirm(HELD, "ann")])
        assert (of(again), again.changes) == (ReservationStatus.CONFIRMED, None)

    def test_a_buyer_whose_own_confirmation_was_lost_on_the_way_finds_it_after_an_edit(self):
        rows = Rows()
        rows.write([wish(7), Confirm(HELD, "ann")])
        rows.event = replace(rows.event, seller_confirms=True)
        assert of(rows.decide([Confirm(HELD, "ann")])) is ReservationStatus.CONFIRMED

    def test_what_has_ended_is_said_before_who_may_confirm(self, rows):
        assert of(rows.decide([Confirm(HELD, "ann")], NOON + HOLD)) is HoldExpired
        assert of(rows.decide([Confirm(HELD, "bob")])) is ReservationNotFound
        rows.write([Cancel(HELD, "ann")])
        assert of(rows.decide([Confirm(HELD, "ann")])) is AlreadyCancelled

    def test_the_seller_changes_nothing_where_buyers_confirm(self):
        rows = Rows()
        rows.write([wish(7)])
        assert of(rows.decide([Confirm(HELD, "ann", by_seller=True)])) is ReservationStatus.CONFIRMED


@given(batches(), st.integers(-1, 4), st.integers(0, 4))
def test_nothing_is_held_outside_the_sale_and_nobody_is_refused_within_it(history, opens, closes):
    """For any commands in any order. Times are in steps of five minutes; the clock moves on between batches."""
    step, now = timedelta(minutes=5), NOON
    opens_at, closes_at = NOON + opens * step, NOON + (opens + closes) * step
    rows = Rows(event=new_event(sale_opens_at=opens_at, sale_closes_at=closes_at))
    for batch, pause in history:
        now += pause
        for command, outcome in zip(batch, rows.write(batch, now).outcomes, strict=True):
            if isinstance(command, Reserve):
                refusal = type(outcome.refusal) if isinstance(outcome, Refused) else None
                is_new = isinstance(outcome, Done) and not outcome.replayed
                assert not is_new or outcome.reservation.created_at < closes_at
                assert (refusal is SaleNotOpen) <= (now < opens_at)
                assert (refusal is BookingClosed) <= (now >= closes_at)
        rows.check()
    assert all(opens_at <= one.created_at < closes_at for one in rows.reservations.values())


@given(batches(), st.data())
def test_what_only_the_seller_confirms_no_buyer_does(history, data):
    rows, now, sold_by_seller = Rows(event=new_event(seller_confirms=True)), NOON, set()
    for batch, pause in history:
        now += pause
        for command in batch:
            by_seller = isinstance(command, Confirm) and data.draw(st.booleans())
            one = replace(command, by_seller=True) if by_seller else command
            (outcome,) = rows.write([one], now).outcomes
            if by_seller and isinstance(outcome, Done):
                sold_by_seller.add(command.reservation_id)
        rows.check()
    sold = {one.id for one in rows.reservations.values() if one.status is ReservationStatus.CONFIRMED}
    assert sold == sold_by_seller


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"sale_opens_at": NOON}, "sale_opens_at"),
        ({"sale_opens_at": NOON - HOUR, "sale_closes_at": NOON - HOUR}, "sale_closes_at"),
    ],
)
def test_a_sale_that_could_never_be_open_is_refused(wanted, field):
    details = {"name": "Concert", "description": "", "venue": "", "start_at": NOON, "end_at": NOON, "total_seats": 10}
    EventDetails(**details, sale_opens_at=NOON - TICK, sale_closes_at=NOON + HOUR)
    with pytest.raises(InvalidValue, match=field):
        EventDetails(**details, **wanted)
