"""A map in memory compared with the simplest possible map: a dictionary."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import ordered_ids
from holdfast.api.seats.seat_json import seat_tail
from holdfast.application.identifiers import uuid7
from holdfast.application.reading import seat_list
from holdfast.application.reading.logged_change import LoggedChange
from holdfast.application.reading.seat_list import SeatList, number_of
from holdfast.application.reading.seat_map import SeatMap
from holdfast.domain.booking.snapshot import ChangeKind, Mark

EVENT = uuid7()
NOW = datetime(2031, 1, 1, tzinfo=UTC)


def a_head(seat_id: UUID, number: str) -> bytes:
    """Return the constant part of a seat's JSON, as the database writes it."""
    return f'{{"id":"{seat_id}","event_id":"{EVENT}","seat_number":{json.dumps(number)},"price":5,'.encode()


def a_map(seat_ids: list[UUID], *, positions: list[int] | None = None, keeps_json=True) -> SeatMap:
    """Return a map of free seats; `positions` are their positions in the chart, their numbers ascend in the order
    given.
    """
    places = positions or list(range(len(seat_ids)))
    in_chart_order = [seat_id for _, seat_id in sorted(zip(places, seat_ids, strict=True))]
    seat_map = SeatMap(
        event_id=EVENT,
        mark=Mark(0, NOW),
        ids=b"".join(seat_id.bytes for seat_id in in_chart_order),
        codes=bytes(len(seat_ids)),
        holders=bytes(16 * len(seat_ids)),
        tail=seat_tail,
    )
    if keeps_json:
        heads = [a_head(seat_id, f"A-{place:03}") for place, seat_id in enumerate(seat_ids)]
        seat_map.list = SeatList(heads, places)
    return seat_map


def listed(seat_map: SeatMap, *, available_only=False) -> list[dict]:
    seat_map.list.write(seat_map.list.unwritten(), seat_map.write)
    return json.loads(b"".join(seat_map.list.pieces(available_only=available_only)))


def a_change(version: int, kind: ChangeKind, *seat_ids: UUID, by: UUID | None = None) -> LoggedChange:
    return LoggedChange(Mark(version, NOW, kind, by or uuid7()), seat_ids)


def statuses_of(seat_map: SeatMap) -> list[int]:
    return [seat_map.statuses[place // 4] >> 2 * (place % 4) & 3 for place in range(seat_map.seats)]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.integers(0, 12),
        st.sampled_from(
            [
                ChangeKind.RESERVED,
                ChangeKind.CONFIRMED,
                ChangeKind.CANCELLED,
                ChangeKind.EXPIRED,
                ChangeKind.EXTENDED,
                ChangeKind.SEATS_CHANGED,
            ]
        ),
    ),
    max_size=60,
)


@given(steps=STEPS, order=st.permutations(range(13)))
def test_follows_any_log_like_a_dictionary(steps, order):
    seat_ids = ordered_ids(13)
    seat_map = a_map(seat_ids, positions=list(order))
    model = dict.fromkeys(seat_ids, ("available", None))
    for version, (place, freed, kind) in enumerate(steps, start=1):
        holder = uuid7()
        change = a_change(version, kind, seat_ids[place], by=holder)
        if kind is ChangeKind.SEATS_CHANGED and freed != place:
            change = replace(change, freed_seat_ids=(seat_ids[freed],))
            model[seat_ids[freed]] = ("available", None)
        assert seat_map.apply(change)
        status = {"reserved": "reserved", "seats_changed": "reserved", "confirmed": "confirmed"}.get(kind, "available")
        if kind is not ChangeKind.EXTENDED:
            model[seat_ids[place]] = (status, None if status == "available" else str(holder))

    told = listed(seat_map)
    assert [seat["seat_number"] for seat in told] == sorted(seat["seat_number"] for seat in told)
    assert {UUID(seat["id"]): (seat["status"], seat.get("reserved_by")) for seat in told} == model
    free = [seat["id"] for seat in told if seat["status"] == "available"]
    assert [seat["id"] for seat in listed(seat_map, available_only=True)] == free
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


@given(
    first=st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=30),
    added=st.lists(st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=12), max_size=4),
)
@settings(max_examples=60)
def test_added_seats_come_into_the_list_by_code_point(first, added, monkeypatch):
    """In the order of PostgreSQL's collation "C"; sections may be in any order, and pages are split."""
    monkeypatch.setattr(seat_list, "PAGE_SEATS", 3)
    numbers = sorted(first)
    seat_ids = ordered_ids(200)
    seats = SeatList([a_head(seat_ids[place], number) for place, number in enumerate(numbers)], range(len(numbers)))
    for more in added:
        new = sorted(set(more) - set(numbers))
        places = range(len(numbers), len(numbers) + len(new))
        heads = [a_head(seat_ids[place], number) for place, number in zip(places, new, strict=True)]
        seats.insert(heads, places)
        numbers += new
    assert [number_of(head) for page in seats.pages for head in page.heads] == sorted(numbers)
    positions = {numbers[position]: position for page in seats.pages for position in page.positions}
    assert positions == {number: place for place, number in enumerate(numbers)}
    assert all(len(page.heads) <= 6 for page in seats.pages)
    for page in seats.pages:
        assert all(seats._page_of[position] is page for position in page.positions)


def test_an_edit_of_the_event_changes_the_version_alone():
    seat_map = a_map(ordered_ids(3))
    before = listed(seat_map)
    assert seat_map.apply(a_change(1, ChangeKind.EVENT_EDITED))
    assert (seat_map.version, listed(seat_map)) == (1, before)


def test_seats_that_are_no_seats_of_the_event_are_told():
    seat_map = a_map(ordered_ids(3))
    with pytest.raises(KeyError):
        seat_map.positions_of([UUID(int=0)])
    with pytest.raises(KeyError):
        seat_map.positions_of([UUID(int=2**128 - 1)])


def test_an_entry_with_other_seats_than_the_map_has_cannot_be_followed():
    """Added seats were read, a failover lost them, and others were added in their positions."""
    seat_ids = ordered_ids(3)
    seat_map = a_map(seat_ids)
    assert not seat_map.apply(a_change(1, ChangeKind.RESERVED, seat_ids[0], *ordered_ids(1)))
    assert (seat_map.version, seat_map.available, statuses_of(seat_map)) == (0, 3, [0, 0, 0])


def test_seats_come_in_with_their_claims():
    seat_ids, holder = ordered_ids(5), uuid7()
    seat_map = SeatMap(
        event_id=EVENT,
        mark=Mark(7, NOW),
        ids=b"".join(seat_id.bytes for seat_id in seat_ids),
        codes=bytes([0, 2, 0, 0, 1]),
        holders=bytes(16) + holder.bytes + bytes(32) + holder.bytes,
        tail=seat_tail,
    )
    seat_map.list = SeatList([a_head(seat_id, f"A-{place}") for place, seat_id in enumerate(seat_ids)], range(5))
    assert statuses_of(seat_map) == [0, 2, 0, 0, 1]
    assert seat_map.available == 3
    told = [(seat["status"], seat.get("reserved_by")) for seat in listed(seat_map)]
    free = ("available", None)
    assert told == [free, ("confirmed", str(holder)), free, free, ("reserved", str(holder))]


def test_without_json_a_large_map_is_small():
    seat_ids = ordered_ids(10_000)
    assert a_map(seat_ids, keeps_json=False).size_bytes < 10_000 * 40 < a_map(seat_ids).size_bytes
