"""The transition tables cover every case exactly once."""

import itertools
from uuid import UUID

import pytest

from holdfast.domain import refusal
from holdfast.domain.booking import refusals as booking
from holdfast.domain.booking.refusals import AlreadyCancelled, AlreadyConfirmed, HoldExpired, SeatsUnavailable
from holdfast.domain.booking.states import (
    RESERVATION_TRANSITIONS,
    SEAT_TRANSITIONS,
    CancelReason,
    ReservationStatus,
    SeatStatus,
    Verb,
    next_status,
)
from holdfast.domain.catalogue import refusals as catalogue
from holdfast.domain.catalogue.refusals import SeatNumberTaken
from holdfast.domain.refusal import Refusal


def test_every_state_and_verb_has_its_entry():
    assert set(RESERVATION_TRANSITIONS) == set(itertools.product(ReservationStatus, Verb))
    assert set(SEAT_TRANSITIONS) == set(SeatStatus)


def test_what_has_ended_stays_so():
    for (status, _), step in RESERVATION_TRANSITIONS.items():
        if status is not ReservationStatus.PENDING and isinstance(step, ReservationStatus):
            assert step is status


def test_a_sold_seat_stays_sold_and_no_seat_is_sold_without_a_hold():
    assert SEAT_TRANSITIONS[SeatStatus.CONFIRMED] == frozenset()
    assert SeatStatus.CONFIRMED not in SEAT_TRANSITIONS[SeatStatus.AVAILABLE]


@pytest.mark.parametrize(
    ("status", "reason", "verb", "step"),
    [
        (ReservationStatus.PENDING, None, Verb.CONFIRM, ReservationStatus.CONFIRMED),
        (ReservationStatus.PENDING, None, Verb.CANCEL, ReservationStatus.CANCELLED),
        (ReservationStatus.CONFIRMED, None, Verb.CANCEL, AlreadyConfirmed),
        (ReservationStatus.CANCELLED, CancelReason.USER, Verb.CONFIRM, AlreadyCancelled),
        (ReservationStatus.CANCELLED, CancelReason.EVENT_DELETED, Verb.CONFIRM, AlreadyCancelled),
        (ReservationStatus.CANCELLED, CancelReason.EXPIRED, Verb.CONFIRM, HoldExpired),
        (ReservationStatus.CANCELLED, CancelReason.EXPIRED, Verb.CANCEL, ReservationStatus.CANCELLED),
    ],
)
def test_the_next_status(status, reason, verb, step):
    assert next_status(status, reason, verb) is step


TREES = {module.__name__: module.__doc__ for module in (refusal, booking, catalogue)}


def _refusals(kind=Refusal):
    for below in kind.__subclasses__():
        if below.__module__ in TREES:
            yield below
            yield from _refusals(below)


def test_every_refusal_has_a_code_of_its_own_and_stands_in_the_tree():
    leaves = [kind for kind in _refusals() if not kind.__subclasses__()]
    codes = [kind.code for kind in leaves]
    assert len(set(codes)) == len(codes)
    assert all(kind.__name__ in TREES[kind.__module__] for kind in _refusals())


def test_a_refusal_carries_its_sentence_its_data_and_a_version():
    told = SeatsUnavailable([UUID(int=1)]).at(7)
    assert str(UUID(int=1)) in str(told)
    assert (told.code, told.version, told.data) == ("seats_unavailable", 7, {"seat_ids": [str(UUID(int=1))]})


def test_a_long_list_of_taken_numbers_is_cut_short():
    told = SeatNumberTaken([f"A-{number}" for number in range(250)])
    assert len(told.data["seat_numbers"]) == SeatNumberTaken.NAMED_MAX
    assert told.data["seat_numbers_count"] == 250
    assert "and 150 more" in str(told)
    assert "more" not in str(SeatNumberTaken(["A-1"]))
