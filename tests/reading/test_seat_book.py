"""The names of seats, and the nearest equals of seats that are gone: the same however a row is packed, and quickly."""

import gc
import json
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from time import thread_time
from uuid import UUID

import pytest

from holdfast.application.reading.storefront.counts import KeptCounts
from holdfast.application.reading.storefront.nearest import nearest_equals
from holdfast.application.reading.storefront.seat_book import SeatBook
from holdfast.application.reading.storefront.storefront import Hall
from holdfast.domain.booking.snapshot import Mark
from holdfast.domain.hall.packing import packed_categories, packed_numbers, places_of

FIRST = 1 << 100


class FreeSeats:
    """A map on which all seats are free but a few."""

    def __init__(self, seats, taken=()):
        self.mark = Mark(0, datetime.now(UTC))
        self._codes = bytearray(seats)
        for at in taken:
            self._codes[at] = 1

    def codes(self, first, seats):
        return bytes(self._codes[first : first + seats])


def hall_of(*rows, taken=()):
    seats = sum(row["seats"] for row in rows)
    layout = {
        "ids": [[str(UUID(int=FIRST)), seats]],
        "sections": [{"name": "Stalls", "key": "stalls"}, {"name": "Circle", "key": "circle"}],
        "rows": [{"section": 0, **row} for row in rows],
        "categories": [{"key": key, "name": key, "color": "#000000"} for key in ("cheap", "dear")],
        "accessible": [],
        "restricted_view": [],
        "companions": [],
    }
    return Hall(SeatBook(json.dumps(layout).encode(), []), FreeSeats(seats, taken), KeptCounts())


NUMBERS = [
    [str(at) for at in range(1, 9)],
    ["A-1", "A-2", "A-3", "x", "B-7", "B-8", "B-9", "y"],
    ["odd", "even", "neither", "C-1", "C-2", "C-3", "C-4", "last"],
    list("abcdefgh"),
]


@pytest.mark.parametrize("numbers", NUMBERS)
def test_a_number_is_read_as_it_was_packed(numbers):
    book = hall_of({"seats": 8, **packed_numbers(numbers, None)}).book
    assert [book.name_at(at).number for at in range(8)] == numbers


def test_a_number_may_count_the_places_of_a_row_that_are_empty():
    row = {"seats": 5, "places": [0, 2, 4, 3]}
    numbers = [str(1 + place) for place in places_of(row)]
    book = hall_of({**row, **packed_numbers(numbers, places_of(row))}).book
    assert [seat.number for seat in book.names(0)] == numbers == ["1", "2", "5", "6", "7"]


def test_free_seats_are_counted_by_category_and_section():
    categories = [0, 0, 1, None, 1, 1]
    first, last = {"seats": 6, **packed_categories(categories)}, {"seats": 3, "section": 1, "category": 0}
    hall = hall_of(first, last, taken=(0, 2, 8))
    assert hall.free.by_category == {"cheap": 3, "dear": 2, None: 1}
    assert hall.free.by_section == [4, 2]
    assert hall.free is hall.free
    names = [hall.book.name_at(at).category for at in range(9)]
    assert names == ["cheap", "cheap", "dear", None, "dear", "dear", "cheap", "cheap", "cheap"]


def test_counts_do_not_keep_the_book_that_they_belong_to():
    hall = hall_of({"seats": 3, "category": 0})
    counts, book = hall.counts, weakref.ref(hall.book)
    assert counts.of(hall.book, hall.seat_map).by_section == [3]
    del hall
    gc.collect()
    assert book() is None


def test_of_two_seats_that_are_gone_each_gets_an_equal_of_its_own():
    hall = hall_of({"seats": 9, "label": "A", "category": 0}, {"seats": 9, "label": "B", "category": 0}, taken=(3, 4))
    gone = [hall.book.name_at(at) for at in (3, 4)]
    found = nearest_equals(hall, gone, taken=frozenset(seat.id for seat in gone))
    assert [seat.position for seat in found] == [2, 5]


def test_seats_of_another_price_are_no_equals():
    hall = hall_of({"seats": 9, "category": 0}, {"seats": 9, "category": 1}, taken=(3,))
    gone = hall.book.name_at(3)
    assert nearest_equals(hall, [replace(gone, category="dear")], taken=frozenset())[0].position == 12
    assert nearest_equals(hall, [replace(gone, category="other")], taken=frozenset()) == []
    assert nearest_equals(hall, [replace(gone, own_price=7)], taken=frozenset()) == []


def _seconds(work):
    began = thread_time()
    work()
    return thread_time() - began


def test_looking_for_equals_that_are_not_there_takes_no_longer_than_a_page():
    """Anybody can ask for 20 seats that are taken, in a large hall where nothing else of their price is free."""
    hall = hall_of(*({"seats": 400, "category": 0} for _ in range(100)))
    gone = [replace(hall.book.name_at(20_000 + at), category="dear") for at in range(20)]
    named = _seconds(lambda: [hall.book.names(row, limit=300) for row in range(10)])
    assert _seconds(lambda: nearest_equals(hall, gone, taken=frozenset())) < 10 * named


def test_the_last_seats_of_a_long_row_are_named_as_quickly_as_the_first():
    numbers = [f"{'xy'[at % 2]}{at}" if at > 3 else str(at) for at in range(10_000)]
    row = {"seats": 10_000, **packed_categories([0, 1] * 5_000), **packed_numbers(numbers, None)}
    book = hall_of(row).book
    book.name_at(0)
    first = min(_seconds(lambda: book.names(0, limit=300)) for _ in range(3))
    assert min(_seconds(lambda: book.names(0, skip=9_700, limit=300)) for _ in range(3)) < 10 * first
