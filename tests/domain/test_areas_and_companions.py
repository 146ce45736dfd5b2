"""Places of an area are sold by count, and companion seats with their accessible seat."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rows import EVENT_ID, HOLD, NOON, SEATS, Rows, wish
from holdfast.domain.booking.channels import Channel
from holdfast.domain.booking.commands import Done, Refused
from holdfast.domain.booking.decide import decide
from holdfast.domain.booking.refusals import AreaByCount, CompanionAlone, SeatsNotFound, SeatsUnavailable

ACCESSIBLE, COMPANION, PLACE, OTHER_PLACE, *PLAIN = SEATS
HALL = {"areas": frozenset({PLACE, OTHER_PLACE}), "companions": {COMPANION: ACCESSIBLE}}


def decided(*commands, rows=None, now=NOON, **hall):
    rows = rows or Rows()
    snapshot = replace(rows.snapshot(commands, now), **{**HALL, **hall})
    return [
        outcome.refusal if isinstance(outcome, Refused) else outcome
        for outcome in decide(snapshot, commands, now, hold=HOLD).outcomes
    ]


def test_a_place_of_an_area_cannot_be_named():
    [refusal] = decided(wish(1, seats=[PLAIN[0], PLACE, OTHER_PLACE]))
    assert isinstance(refusal, AreaByCount)
    assert refusal.data == {"seat_ids": [str(PLACE), str(OTHER_PLACE)]}


def test_the_box_office_can_name_it():
    [done] = decided(replace(wish(1, seats=[PLACE]), beyond_limit=True))
    assert isinstance(done, Done)


def test_a_companion_seat_is_sold_with_its_accessible_seat():
    alone, other, together = decided(
        wish(1, seats=[COMPANION]), wish(2, seats=[COMPANION, PLAIN[0]]), wish(3, seats=[COMPANION, ACCESSIBLE])
    )
    assert isinstance(alone, CompanionAlone)
    assert alone.data == other.data == {"seat_ids": [str(COMPANION)]}
    assert isinstance(together, Done)


def test_having_the_accessible_seat_already_does_not_help():
    """The contract says in one wish. A companion seat of a hold that runs out later would otherwise be left alone."""
    first, second = decided(wish(1, seats=[ACCESSIBLE]), wish(2, seats=[COMPANION]))
    assert isinstance(first, Done)
    assert isinstance(second, CompanionAlone)


def test_an_accessible_seat_is_sold_without_its_companion():
    [done] = decided(wish(1, seats=[ACCESSIBLE]))
    assert isinstance(done, Done)


@pytest.mark.parametrize(
    ("channel", "sold"),
    [
        (Channel("wheels", None, None, opened=False, kept_back=1), False),
        (Channel("wheels", None, NOON + timedelta(seconds=1), opened=False, kept_back=1), False),
        (Channel("wheels", None, NOON, opened=False, kept_back=1), True),
        (Channel("wheels", None, None, opened=True, kept_back=1), True),
    ],
)
def test_a_companion_seat_is_for_all_once_its_channel_has_opened(channel, sold):
    channels = {"channels": {"wheels": channel}, "channel_of": {COMPANION: "wheels"}}
    [outcome] = decided(wish(1, seats=[COMPANION]), **channels)
    assert isinstance(outcome, Done) is sold


def test_the_checks_come_in_the_order_of_the_contract():
    """Unknown seats, areas, companions, the limit, taken seats."""
    rows = Rows()
    rows.write([wish(9, user="bob", seats=[COMPANION, PLACE])])
    rows.event = replace(rows.event, max_seats_per_buyer=1)
    unknown = EVENT_ID
    found = decided(
        wish(1, seats=[unknown, PLACE, COMPANION]),
        wish(2, seats=[PLACE, COMPANION]),
        wish(3, seats=[COMPANION, PLAIN[0]]),
        wish(4, seats=[COMPANION, ACCESSIBLE]),
        rows=rows,
    )
    assert [type(one).__name__ for one in found] == [
        "SeatsNotFound",
        "AreaByCount",
        "CompanionAlone",
        "PurchaseLimitReached",
    ]
    assert isinstance(found[0], SeatsNotFound)
    rows.event = replace(rows.event, max_seats_per_buyer=None)
    assert isinstance(decided(wish(5, seats=[COMPANION, ACCESSIBLE]), rows=rows)[0], SeatsUnavailable)


@given(st.lists(st.lists(st.sampled_from(SEATS), min_size=1, max_size=4, unique=True), max_size=6), st.booleans())
def test_no_hold_has_a_companion_seat_alone_or_a_named_place(wishes, box_office):
    commands = [
        replace(wish(number, user=f"user-{number}", seats=seats), beyond_limit=box_office)
        for number, seats in enumerate(wishes)
    ]
    for command, outcome in zip(commands, decided(*commands), strict=True):
        seats = set(command.seat_ids)
        named = bool(seats & HALL["areas"]) and not box_office
        alone = COMPANION in seats and ACCESSIBLE not in seats
        if named or alone:
            assert isinstance(outcome, AreaByCount if named else CompanionAlone)
        else:
            assert isinstance(outcome, Done | SeatsUnavailable)
