"""Ids carry the cell they live in, and stay UUIDs version 7 in the order in which they were made."""

import time
from itertools import islice
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from holdfast.application.identifiers import CELL_MAX, CellIds, cell_of, milliseconds_of, uuid7, uuid7_series

CELLS = st.integers(0, CELL_MAX)


@given(CELLS)
def test_an_id_is_a_uuid_of_version_7_that_names_its_cell_and_its_time(cell):
    before = time.time_ns() // 1_000_000
    made = uuid7(cell)
    assert UUID(str(made)) == made
    assert (made.version, made.variant) == (7, RFC_4122)
    assert cell_of(made) == cell
    assert before <= milliseconds_of(made) <= time.time_ns() // 1_000_000


@given(CELLS, st.integers(1, 300))
def test_a_series_rises_and_never_leaves_its_cell(cell, count):
    made = list(islice(uuid7_series(cell), count))
    assert made == sorted(set(made))
    assert {cell_of(one) for one in made} == {cell}
    assert all((one.version, one.variant) == (7, RFC_4122) for one in made)


def test_a_series_of_a_million_has_room_below_the_bits_of_the_cell():
    """Its random start is below 2^60, so that only 2^61 further ids would reach them."""
    starts = [next(uuid7_series(CELL_MAX)).int & ((1 << 62) - 1) for _ in range(200)]
    assert max(starts) < 1 << 60


@given(CELLS, st.integers(-(10**9), 10**9))
def test_no_id_is_older_than_its_cell_whatever_the_clock_says(cell, ahead_ms):
    not_before = time.time_ns() // 1_000_000 + ahead_ms
    ids = CellIds(cell, not_before)
    for made in (ids.new(), next(ids.series())):
        assert milliseconds_of(made) >= not_before
        assert cell_of(made) == cell


def test_ids_are_not_made_twice():
    made = [uuid7(1) for _ in range(10_000)]
    assert len(set(made)) == len(made)
