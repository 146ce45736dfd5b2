"""The layout says where every seat is, in little space."""

import gzip
import json
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hall.charts import FIRST_ID, layout_of, read_layout, stored
from hall.halls import halls
from holdfast.domain.catalogue.seat import numbered_seats
from holdfast.domain.hall.layout import ChartSeats, LayoutMaker
from holdfast.domain.hall.reading import read_hall
from holdfast.domain.hall.samples import SAMPLE_CATEGORIES, STADIUM_CATEGORIES, sample_hall, stadium
from holdfast.domain.hall.seats import seats_of


def assert_same(raw: bytes, hall) -> None:
    """Compare each seat of a layout with the hall's own."""
    unit = json.loads(raw)["unit"]
    found = read_layout(raw)
    (made,) = seats_of(hall, slice_seats=10**6)
    assert len(found) == len(made)
    number_of = {UUID(int=FIRST_ID.int + at): number for at, number in enumerate(made.seat_numbers)}
    for at, seat in enumerate(found):
        assert number_of[seat["id"]] == made.seat_numbers[at]
        assert (seat["section"], seat["row"], seat["number"], seat["category"]) == (
            made.section_keys[at],
            made.rows[at],
            made.numbers[at],
            made.categories[at],
        )
        assert (seat.get("accessible", False), seat.get("restricted_view", False)) == (
            made.accessible[at],
            made.restricted_views[at],
        )
        assert number_of.get(seat.get("companion_of")) == made.companions_of[at]
        if made.areas[at]:
            assert seat["at"] is None
        else:
            assert seat["at"] == pytest.approx((made.xs[at], made.ys[at]), abs=2 * unit, rel=0)


@pytest.mark.parametrize("slice_seats", [1, 77, 10_000])
def test_the_sample_hall_is_read_back_from_its_layout(slice_seats):
    hall = sample_hall()
    assert_same(layout_of(hall, SAMPLE_CATEGORIES, stored(hall, slice_seats)), hall)


def test_a_layout_of_100_000_seats_is_small():
    hall = stadium(100_000)
    raw = layout_of(hall, STADIUM_CATEGORIES, stored(hall))
    assert len(gzip.compress(raw, 6)) <= 100_000
    assert json.loads(raw)["seats"] == 100_000


def rows_of(*rows: dict) -> dict:
    return {
        "format": "holdfast-hall/1",
        "sections": [{"key": "s", "name": "S", "category": "std", "rows": list(rows)}],
    }


@pytest.mark.parametrize(
    "row",
    [
        {"count": 1, "start": [5, 5], "end": [5, 5]},
        {"count": 2, "start": [0, 0], "end": [20, 10], "bend": 0.4},
        {"count": 30, "start": [0, 0], "end": [600, 0], "bend": 0.15, "numbering": "odd from right"},
        {"count": 30, "start": [0, 0], "end": [600, 80], "bend": -0.9, "numbering": "101.."},
        {"count": 30, "start": [600, 0], "end": [0, 0], "bend": 1.7},
        {"count": 3, "start": [9, 9], "end": [9, 9]},
        {"count": 20, "start": [0, 0], "end": [380, 0], "exceptions": [{"seats": ["4", "5", "9"], "missing": True}]},
        {
            "count": 20,
            "start": [0, 0],
            "end": [380, 0],
            "bend": 0.2,
            "exceptions": [{"seats": ["1", "9", "10", "20"], "missing": True}],
        },
        {"numbers": ["1", "2", "2a", "3"], "start": [0, 0], "end": [60, 0]},
        {"numbers": ["1", "2", "3"], "positions": [[0, 0], [7, 30], [50, 2]]},
        {"numbers": ["1", "2", "3", "4"], "positions": [[0, 0], [20, 0], [100, 0], [120, 0]]},
        {"numbers": ["7", "5"], "seat_numbers": ["guid-1", "guid-2"], "positions": [[0, 0], [20, 0]]},
    ],
)
def test_any_row_is_read_back_from_the_layout(row):
    frame = {"label": "Z", "count": 1, "start": [0, 900], "end": [900, 900]}
    hall = read_hall(json.dumps(rows_of({"label": "A", **row}, frame)).encode())
    category = replace(SAMPLE_CATEGORIES[0], key="std")
    assert_same(layout_of(hall, [category], stored(hall)), hall)


@given(halls(), st.integers(1, 50))
@settings(max_examples=60)
def test_any_hall_is_read_back_from_its_layout(hall, slice_seats):
    categories = [replace(SAMPLE_CATEGORIES[0], key=key) for key in ("std", "low", "vip")]
    assert_same(layout_of(hall, categories, stored(hall, slice_seats)), hall)


def test_gaps_cost_no_positions():
    row = {"label": "A", "count": 9, "start": [0, 0], "end": [80, 0], "bend": 0.1}
    row["exceptions"] = [{"seats": ["4", "5"], "missing": True}]
    hall = read_hall(json.dumps(rows_of(row)).encode())
    (packed,) = json.loads(layout_of(hall, [], stored(hall)))["rows"]
    assert (packed["places"], packed["place_numbers"]) == ([0, 3, 5, 4], [1, 1])
    assert "x" not in packed


def added_without_a_document(numbers: list[str], slice_seats: int = 1_000) -> bytes:
    """Return the layout of seats that have nothing but a number."""
    maker = LayoutMaker(None, [])
    for first in range(0, len(numbers), slice_seats):
        some = numbers[first : first + slice_seats]
        nothing, no = [None] * len(some), [False] * len(some)
        ids = [UUID(int=FIRST_ID.int + first + at) for at in range(len(some))]
        maker.add(ChartSeats(ids, some, nothing, nothing, nothing, nothing, nothing, nothing, no, no, nothing, no))
    return maker.finish()


def test_100_000_seats_of_one_bulk_call_take_little_space():
    numbers = [seat.seat_number for seat in numbered_seats(prefix="Stalls", count=100_000, price=1)]
    raw = added_without_a_document(numbers)
    assert [seat["number"] for seat in read_layout(raw)] == numbers
    assert len(raw) < 1_000


@given(
    st.lists(
        st.builds(
            lambda prefix, first, count: [f"{prefix}{number}" for number in range(first, first + count)],
            st.sampled_from(["", "A-", "A-0", "0", "7", "²", "-", "A\n"]) | st.text(max_size=3),
            st.sampled_from([0, 1, 8, 98, 999_999_997]),
            st.integers(1, 15),
        )
        | st.lists(st.text(max_size=4) | st.from_regex(r"A-[0-9]{1,3}", fullmatch=True), max_size=4),
        max_size=5,
    ),
    st.integers(1, 20),
)
@settings(max_examples=100)
def test_any_printed_numbers_are_read_back(parts, slice_seats):
    numbers = [number for part in parts for number in part]
    assert [seat["number"] for seat in read_layout(added_without_a_document(numbers, slice_seats))] == numbers


def test_runs_are_told_from_single_numbers():
    numbers = ["A-1", "A-2", "A-3", "A-3a", "A-09", "A-10", "A-11", "B-1", "B-2"]
    (row,) = json.loads(added_without_a_document(numbers, 2))["rows"]
    assert row["label_runs"] == [["A-", 1, 3], "A-3a", "A-09", "A-10", "A-11", "B-1", "B-2"]


def test_seats_that_no_document_describes_have_no_place():
    seats = ChartSeats(
        ids=[UUID(int=FIRST_ID.int + at) for at in (0, 1, 5)],
        seat_numbers=["A-1", "A-2", "box"],
        sections=["Stalls", "Stalls", None],
        section_keys=[None, None, None],
        rows=["A", "A", None],
        categories=[None, None, None],
        xs=[None] * 3,
        ys=[None] * 3,
        areas=[False] * 3,
        accessible=[False] * 3,
        companions_of=[None] * 3,
        restricted_views=[False] * 3,
    )
    maker = LayoutMaker(None, [])
    maker.add(seats)
    layout = json.loads(maker.finish())
    assert layout["sections"] == [{"name": "Stalls"}]
    assert layout["rows"] == [
        {"seats": 2, "section": 0, "label": "A", "labels": ["A-1", "A-2"]},
        {"seats": 1, "labels": ["box"]},
    ]
    assert layout["ids"] == [[str(FIRST_ID), 2], [str(UUID(int=FIRST_ID.int + 5)), 1]]
