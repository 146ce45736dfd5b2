"""A map in memory against the simplest map there is: a dictionary."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import ordered_ids
from holdfast.api.seat_json import ContractSeatJson
from holdfast.application.identifiers import uuid7
from holdfast.application.reading.seat_map import LoggedChange, SeatMap
from holdfast.domain.seat import Seat
from holdfast.domain.snapshot import ChangeKind, Mark
from holdfast.domain.states import SeatStatus

EVENT = uuid7()
NOW = datetime(2031, 1, 1, tzinfo=UTC)


def a_seat(seat_id: UUID, number: str, status=SeatStatus.AVAILABLE, reserved_by=None) -> Seat:
    return Seat(
        id=seat_id,
        event_id=EVENT,
        seat_number=number,
        section="Stalls",
        row=None,
        price=5,
        status=status,
        reserved_by=reserved_by,
    )


def a_map(seat_ids: list[UUID], *, positions: list[int] | None = None, keeps_json=True) -> SeatMap:
    """A free map; `positions` says where in the chart the seats stand, whose numbers rise in the order given."""
    json_of_seats = ContractSeatJson() if keeps_json else None
    seat_map = SeatMap(event_id=EVENT, mark=Mark(0, NOW), seats=len(seat_ids), json=json_of_seats)
    for place, seat_id in enumerate(seat_ids):
        seat_map.add(positions[place] if positions else place, a_seat(seat_id, f"A-{place:03}"))
    seat_map.complete()
    return seat_map


def a_change(version: int, kind: ChangeKind, *seat_ids: UUID, by: UUID | None = None) -> LoggedChange:
    return LoggedChange(Mark(version, NOW, kind, by or uuid7()), seat_ids)


def statuses_of(seat_map: SeatMap) -> list[int]:
    return [seat_map.statuses[place // 4] >> 2 * (place % 4) & 3 for place in range(seat_map.seats)]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from([ChangeKind.RESERVED, ChangeKind.CONFIRMED, ChangeKind.CANCELLED, ChangeKind.EXPIRED]),
    ),
    max_size=60,
)


@given(steps=STEPS, order=st.permutations(range(13)))
def test_follows_any_log_like_a_dictionary(steps, order):
    seat_ids = ordered_ids(13)
    seat_map = a_map(seat_ids, positions=list(order))
    model = dict.fromkeys(seat_ids, ("available", None))
    for version, (place, kind) in enumerate(steps, start=1):
        holder = uuid7()
        assert seat_map.apply(a_change(version, kind, seat_ids[place], by=holder))
        status = {"reserved": "reserved", "confirmed": "confirmed"}.get(kind.value, "available")
        model[seat_ids[place]] = (status, None if status == "available" else str(holder))

    listed = json.loads(seat_map.seat_list())
    assert [seat["seat_number"] for seat in listed] == sorted(seat["seat_number"] for seat in listed)
    assert {UUID(seat["id"]): (seat["status"], seat.get("reserved_by")) for seat in listed} == model
    free = [seat["id"] for seat in listed if seat["status"] == "available"]
    assert [seat["id"] for seat in json.loads(seat_map.available_list())] == free
    assert seat_map.available == len(free)
    codes = {"available": 0, "reserved": 1, "confirmed": 2}
    by_position = dict(zip(order, seat_ids, strict=True))
    assert statuses_of(seat_map) == [codes[model[by_position[place]][0]] for place in range(13)]
    assert seat_map.positions_of(seat_ids) == list(order)


def test_a_gap_and_added_seats_and_a_deletion_cannot_be_followed():
    (seat_id,) = ordered_ids(1)
    for change in (
        a_change(2, ChangeKind.RESERVED, seat_id),
        a_change(1, ChangeKind.SEATS_ADDED),
        a_change(1, ChangeKind.EVENT_DELETED),
        a_change(1, "made_by_a_later_release"),
    ):
        seat_map = a_map([seat_id])
        assert not seat_map.apply(change)
        assert (seat_map.version, seat_map.available) == (0, 1)


def test_an_edit_of_the_event_changes_the_version_alone():
    seat_map = a_map(ordered_ids(3))
    before = seat_map.seat_list()
    assert seat_map.apply(a_change(1, ChangeKind.EVENT_EDITED))
    assert (seat_map.version, seat_map.seat_list()) == (1, before)


def test_seats_that_are_no_seats_of_the_event_are_told():
    seat_map = a_map(ordered_ids(3))
    with pytest.raises(KeyError):
        seat_map.positions_of([UUID(int=0)])
    with pytest.raises(KeyError):
        seat_map.positions_of([UUID(int=2**128 - 1)])


def test_seats_come_in_with_their_claims():
    seat_ids = ordered_ids(5)
    holder = uuid7()
    seat_map = SeatMap(event_id=EVENT, mark=Mark(7, NOW), seats=5, json=ContractSeatJson())
    for place, seat_id in enumerate(seat_ids):
        taken = place in (1, 4)
        status = SeatStatus.CONFIRMED if taken else SeatStatus.AVAILABLE
        seat_map.add(place, a_seat(seat_id, f"A-{place}", status, holder if taken else None))
    seat_map.complete()
    assert statuses_of(seat_map) == [0, 2, 0, 0, 2]
    assert seat_map.available == 3


def test_without_json_a_large_map_is_small():
    seat_ids = ordered_ids(10_000)
    assert a_map(seat_ids, keeps_json=False).size_bytes < 10_000 * 30 < a_map(seat_ids).size_bytes
