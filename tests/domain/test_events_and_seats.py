"""Which events, seats and wishes are valid."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rows import EVENT_ID, NOON, SEATS, wish
from holdfast.domain.booking.commands import Reserve
from holdfast.domain.booking.reservation import fingerprint_of
from holdfast.domain.catalogue.event import DESCRIPTION_MAX, TEXT_MAX, TOTAL_SEATS_MAX, Event, EventDetails
from holdfast.domain.catalogue.refusals import EventHasConfirmedReservations, SeatsExceedTotal
from holdfast.domain.catalogue.seat import PRICE_MAX, NewSeat, check_new_seats, numbered_seats
from holdfast.domain.refusal import InvalidValue

DETAILS = EventDetails(name="Concert", description="", venue="", start_at=NOON, end_at=NOON, total_seats=10)
EVENT = Event(
    id=EVENT_ID,
    details=DETAILS,
    created_at=NOON,
    updated_at=NOON,
    version=3,
    available=5,
    reserved=2,
    confirmed=1,
    deleted=False,
)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("name", "n" * TEXT_MAX, "n" * (TEXT_MAX + 1)),
        ("name", "n", ""),
        ("venue", "v" * TEXT_MAX, "v" * (TEXT_MAX + 1)),
        ("description", "d" * DESCRIPTION_MAX, "d" * (DESCRIPTION_MAX + 1)),
        ("total_seats", 1, 0),
        ("total_seats", TOTAL_SEATS_MAX, TOTAL_SEATS_MAX + 1),
        ("end_at", NOON, NOON - timedelta(microseconds=1)),
    ],
)
def test_the_bounds_of_an_event(field, good, bad):
    replace(DETAILS, **{field: good})
    with pytest.raises(InvalidValue) as told:
        replace(DETAILS, **{field: bad})
    assert told.value.data["field"] == field


def test_an_event_has_room_for_its_total_and_no_more():
    EVENT.require_room_for(2)
    with pytest.raises(SeatsExceedTotal) as told:
        EVENT.require_room_for(3)
    assert told.value.data == {"total_seats": 10, "seats": 11}


def test_a_total_does_not_fall_below_the_seats():
    EVENT.require_editable_to(replace(DETAILS, total_seats=8))
    with pytest.raises(SeatsExceedTotal) as told:
        EVENT.require_editable_to(replace(DETAILS, total_seats=7))
    assert told.value.data == {"total_seats": 7, "seats": 8}


def test_what_was_sold_is_not_deleted():
    replace(EVENT, confirmed=0).require_deletable()
    with pytest.raises(EventHasConfirmedReservations):
        EVENT.require_deletable()


@pytest.mark.parametrize(
    ("seats", "field"),
    [
        ([NewSeat(seat_number="", price=1)], "seats[0].seat_number"),
        ([NewSeat(seat_number="A", price=1), NewSeat(seat_number="B" * 51, price=1)], "seats[1].seat_number"),
        ([NewSeat(seat_number="A", price=-1)], "seats[0].price"),
        ([NewSeat(seat_number="A", price=PRICE_MAX + 1)], "seats[0].price"),
        ([NewSeat(seat_number="A", price=0), NewSeat(seat_number="A", price=0)], "seats[1].seat_number"),
    ],
)
def test_the_first_bad_seat_is_named(seats, field):
    with pytest.raises(InvalidValue) as told:
        check_new_seats(seats, places={})
    assert told.value.data["field"] == field


def test_seats_checked_in_slices_are_named_by_their_place_in_the_whole():
    places: dict[str, int] = {}
    check_new_seats(numbered_seats(prefix="A", count=3, price=1), places=places)
    with pytest.raises(InvalidValue) as told:
        check_new_seats(numbered_seats(prefix="A", first=3, count=2, price=1), places=places)
    assert told.value.data == {"field": "seats[3].seat_number", "problem": "repeats that of seats[2]"}


def test_numbered_seats_count_from_one():
    seats = numbered_seats(prefix="VIP", count=3, price=PRICE_MAX)
    check_new_seats(seats, places={})
    assert [seat.seat_number for seat in seats] == ["VIP-1", "VIP-2", "VIP-3"]


@pytest.mark.parametrize("seats", [(), tuple(UUID(int=number) for number in range(21)), (SEATS[0], SEATS[0])])
def test_a_wish_names_1_to_20_seats_each_once(seats):
    with pytest.raises(InvalidValue) as told:
        wish(7, seats=seats)
    assert told.value.data["field"] == "seat_ids"


def test_twenty_seats_are_fine():
    assert isinstance(wish(7, seats=[UUID(int=number) for number in range(20)]), Reserve)


@given(st.lists(st.uuids(), min_size=1, max_size=5, unique=True), st.randoms())
def test_a_fingerprint_knows_the_seats_and_the_event_and_not_the_order(seats, random):
    shuffled = random.sample(seats, len(seats))
    digest = fingerprint_of(EVENT_ID, tuple(seats))
    assert digest == fingerprint_of(EVENT_ID, tuple(shuffled))
    assert digest != fingerprint_of(UUID(int=2), tuple(seats))
    assert digest != fingerprint_of(EVENT_ID, (*seats, UUID(int=3)))
