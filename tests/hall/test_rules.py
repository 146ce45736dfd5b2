"""What makes a document good or bad, and what its seats are."""

import json

import pytest

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import Hall
from holdfast.domain.hall.formats import HallFormat, hall_from
from holdfast.domain.hall.imported import at_once
from holdfast.domain.hall.reading import adding_section, read_hall
from holdfast.domain.hall.samples import SAMPLE_CATEGORIES, STADIUM_CATEGORIES, sample_hall, stadium
from holdfast.domain.hall.seats import SeatColumns, seats_of
from holdfast.domain.hall.sections import sections_of
from holdfast.domain.refusal import InvalidValue

LINE = {"start": [0, 0], "end": [100, 0]}
ROW = {"label": "A", "count": 5, **LINE}


def hall_of(*rows: dict, **section) -> dict:
    section = {"key": "s", "name": "S", "category": "std", **section}
    if rows:
        section["rows"] = list(rows)
    return {"format": "holdfast-hall/1", "sections": [section]}


def read(document: object) -> Hall:
    return read_hall(document if isinstance(document, bytes) else json.dumps(document).encode())


def seats_in(document: object) -> SeatColumns:
    (seats,) = seats_of(read(document), slice_seats=10**6)
    return seats


@pytest.mark.parametrize(
    ("numbering", "numbers"),
    [
        (None, "1 2 3"),
        ("odd", "1 3 5"),
        ("even", "2 4 6"),
        ("from right", "3 2 1"),
        ("21..", "21 22 23"),
        ("21.. from right", "23 22 21"),
        ("odd from right", "5 3 1"),
        ("101.. odd", "101 103 105"),
        ("0..", "0 1 2"),
        ("12.. even from right", "16 14 12"),
    ],
)
def test_rows_are_numbered(numbering, numbers):
    row = {**ROW, "count": 3, **({"numbering": numbering} if numbering else {})}
    assert " ".join(seats_in(hall_of(row)).numbers) == numbers


def test_numbers_may_be_listed():
    seats = seats_in(hall_of({"label": "Box", "numbers": ["1", "1A", "ä"], **LINE}))
    assert seats.seat_numbers == ["s-Box-1", "s-Box-1A", "s-Box-ä"]


def test_seat_numbers_may_be_listed():
    seats = seats_in(hall_of({**ROW, "count": 2, "seat_numbers": ["x", "y"]}))
    assert (seats.seat_numbers, seats.numbers) == (["x", "y"], ["1", "2"])


def test_exceptions_change_single_seats():
    row = ROW | {
        "exceptions": [
            {"seats": ["1", "2"], "category": "low"},
            {"seats": ["2"], "accessible": True},
            {"seats": ["3"], "companion_of": "2"},
            {"seats": ["4"], "missing": True},
            {"seats": ["5"], "restricted_view": True, "price": 7},
        ]
    }
    seats = seats_in(hall_of(row))
    assert seats.numbers == ["1", "2", "3", "5"]
    assert seats.categories == ["low", "low", "std", "std"]
    assert seats.accessible == [False, True, False, False]
    assert seats.companions_of == [None, None, "s-A-2", None]
    assert seats.restricted_views == [False, False, False, True]
    assert seats.prices == [None, None, None, 7]
    assert seats.xs == [0, 25, 50, 100]


def test_a_companion_may_sit_in_another_row():
    before = {**ROW, "exceptions": [{"seats": ["1"], "companion_of": "s-B-1"}]}
    after = {**ROW, "label": "B", "exceptions": [{"seats": ["1"], "accessible": True}]}
    assert seats_in(hall_of(before, after)).companions_of[0] == "s-B-1"


@pytest.mark.parametrize(
    ("section", "row", "exception", "worth"),
    [
        ({}, {}, {}, ("std", None)),
        ({"price": 5}, {}, {}, ("std", 5)),
        ({"price": 5}, {"category": "low"}, {}, ("low", None)),
        ({"price": 5}, {"price": 6}, {}, ("std", 6)),
        ({"price": 5}, {"price": 6}, {"category": "low"}, ("low", None)),
        ({"price": 5}, {"price": 6}, {"price": 7}, ("std", 7)),
        ({"category": None}, {"price": 6}, {}, (None, 6)),
        ({"category": None, "price": 5}, {}, {}, (None, 5)),
    ],
)
def test_the_nearest_word_on_category_and_price_counts(section, row, exception, worth):
    seats = seats_in(hall_of({**ROW, **row, "exceptions": [{"seats": ["1"], **exception}]}, **section))
    assert (seats.categories[0], seats.prices[0]) == worth


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b"[" * 10_000, "body"),
        ([], "body"),
        ({}, "format"),
        ({"format": "holdfast-hall/2"}, "format"),
        ({"format": "holdfast-hall/1"}, "sections"),
        ({**hall_of(ROW), "floors": [{"key": "f", "name": "F", "sections": hall_of(ROW)["sections"]}]}, "sections"),
        (hall_of(), "sections[0].rows"),
        (hall_of(ROW, capacity=5), "sections[0].rows"),
        (hall_of(ROW, color="#ffffff"), "sections[0].color"),
        (hall_of({**ROW, "accesible": True}), "sections[0].rows[0].accesible"),
        (hall_of(ROW, key="Stalls"), "sections[0].key"),
        (hall_of(ROW, name=" S"), "sections[0].name"),
        (hall_of(ROW, name="x" * 51), "sections[0].name"),
        (hall_of(ROW, category=None), "sections[0].rows[0].category"),
        (hall_of(capacity=5, category=None), "sections[0].category"),
        (hall_of(capacity=0), "sections[0].capacity"),
        (hall_of(capacity=100_001), "sections[0].capacity"),
        (hall_of(ROW, ROW), "sections[0].rows[1]"),
        (hall_of({"label": "A", **LINE}), "sections[0].rows[0].count"),
        (hall_of({**ROW, "numbers": ["1"]}), "sections[0].rows[0].count"),
        (hall_of({"label": "A", "numbers": ["1", "1"], **LINE}), "sections[0].rows[0]"),
        (hall_of({"label": "A", "numbers": ["\u0041\u030a", "\u00c5"], **LINE}), "sections[0].rows[0]"),
        (hall_of({"label": "A", "numbers": ["1", " 2"], **LINE}), "sections[0].rows[0].numbers[1]"),
        (hall_of({"label": "A", "numbers": ["1", "2\u200b"], **LINE}), "sections[0].rows[0].numbers[1]"),
        (hall_of({"label": "A", "numbers": ["1"], "numbering": "odd", **LINE}), "sections[0].rows[0].numbering"),
        (hall_of({**ROW, "numbering": "backwards"}), "sections[0].rows[0].numbering"),
        (hall_of({**ROW, "numbering": "2.. odd"}), "sections[0].rows[0].numbering"),
        (hall_of({**ROW, "label": "x" * 50}), "sections[0].rows[0]"),
        (hall_of({**ROW, "seat_numbers": ["x"]}), "sections[0].rows[0].seat_numbers"),
        (hall_of({"label": "A", "count": 2}), "sections[0].rows[0].start"),
        (hall_of({"label": "A", "count": 2, "start": [0, 0]}), "sections[0].rows[0].end"),
        (hall_of({**ROW, "positions": [[0, 0]] * 5}), "sections[0].rows[0].positions"),
        (hall_of({"label": "A", "count": 2, "positions": [[0, 0]]}), "sections[0].rows[0].positions"),
        (hall_of({**ROW, "bend": 3}), "sections[0].rows[0].bend"),
        (hall_of({**ROW, "start": [0, 10**7]}), "sections[0].rows[0].start[1]"),
        (hall_of({**ROW, "exceptions": [{"seats": ["6"]}]}), "sections[0].rows[0].exceptions[0].seats[0]"),
        (
            hall_of({**ROW, "exceptions": [{"seats": ["1"], "companion_of": "1", "accessible": True}]}),
            "sections[0].rows[0].exceptions[0].companion_of",
        ),
        (
            hall_of({**ROW, "exceptions": [{"seats": ["1"], "companion_of": "2"}]}),
            "sections[0].rows[0].exceptions[0].companion_of",
        ),
        (
            hall_of(
                {
                    **ROW,
                    "exceptions": [
                        {"seats": ["2"], "accessible": True, "missing": True},
                        {"seats": ["1"], "companion_of": "2"},
                    ],
                }
            ),
            "sections[0].rows[0].exceptions[1].companion_of",
        ),
        (b'{"format":"holdfast-hall/1","name":"a","name":"b","sections":[]}', "sections"),
        (
            json.dumps(hall_of(ROW)).replace('"name": "S"', '"name": "S", "name": "S"').encode(),
            "name",
        ),
        (json.dumps(hall_of(ROW)).replace("[100, 0]", "[1e999, 0]").encode(), "sections[0].rows[0].end[0]"),
        (json.dumps(hall_of(ROW)).replace("[100, 0]", "[NaN, 0]").encode(), "body"),
    ],
)
def test_an_error_names_the_place(document, field):
    with pytest.raises(InvalidValue) as refused:
        list(seats_of(read(document)))
    assert refused.value.data["field"] == field


def test_sections_have_different_keys():
    document = hall_of(ROW)
    document["sections"] *= 2
    with pytest.raises(InvalidValue) as refused:
        read(document)
    assert refused.value.data["field"] == "sections[1].key"


def test_a_document_has_at_most_100_000_seats():
    areas = [{"key": f"a{at}", "name": "A", "category": "std", "capacity": 50_000} for at in range(3)]
    assert read({"format": "holdfast-hall/1", "sections": areas[:2]})
    with pytest.raises(InvalidValue) as refused:
        read({"format": "holdfast-hall/1", "sections": areas})
    assert refused.value.data["field"] == "sections[2]"


def test_a_document_with_very_many_values_is_refused_before_they_take_memory():
    with pytest.raises(InvalidValue, match="too many values"):
        read(b"[" + b"0," * 2_000_000 + b"0]")


def test_a_stored_document_may_have_grown_beyond_what_is_given_at_once():
    rows = [{"label": str(at), "count": 5, "positions": [[0, 0]] * 5} for at in range(20_000)]
    hall = {**hall_of(*rows), "name": "x"}
    hall["sections"] = [{**hall["sections"][0], "key": f"s{at}"} for at in range(2)]
    raw = json.dumps(hall).encode()
    with pytest.raises(InvalidValue):
        read_hall(raw)
    assert len(read_hall(raw, seats_max=200_000).sections) == 2


def test_a_row_without_seats_makes_none():
    row = {**ROW, "count": 3, "exceptions": [{"seats": ["1", "2", "3"], "missing": True}]}
    assert seats_in(hall_of(row, {**ROW, "label": "B"})).rows == ["B"] * 5


def test_the_categories_must_be_the_events():
    known = [CategoryDetails("std", "Standard", "#000000", 1)]
    row = {**ROW, "exceptions": [{"seats": ["1"], "category": "low"}]}
    with pytest.raises(InvalidValue) as refused:
        at_once(hall_from(json.dumps(hall_of(row)).encode(), HallFormat.HOLDFAST, known=known, prices={}))
    assert refused.value.data["field"] == "sections[0].rows[0].exceptions[0].category"


def test_sections_are_added_one_by_one():
    section = {"key": "new", "name": "New", "category": "std", "rows": [ROW]}
    whole, alone = at_once(adding_section(read(hall_of(ROW)), json.dumps(section).encode(), seats_max=10))
    assert [each.key for each in sections_of(whole)] == ["s", "new"]
    assert next(seats_of(alone)).seat_numbers[0] == "new-A-1"
    for change, field in [
        ({"key": "s"}, "sections[1].key"),
        ({"floor": "f"}, "floor"),
        ({"rows": [{**ROW, "count": 6}]}, "sections[1]"),
        ({"rows": [{**ROW, "bend": 9}]}, "rows[0].bend"),
        ({"rows": [{**ROW, "positions": []}]}, "rows[0].positions"),
    ]:
        with pytest.raises(InvalidValue) as refused:
            at_once(adding_section(read(hall_of(ROW)), json.dumps(section | change).encode(), seats_max=10))
        assert refused.value.data["field"] == field


def test_a_section_is_added_to_its_floor():
    floors = {
        "format": "holdfast-hall/1",
        "floors": [{"key": "f", "name": "F", "sections": hall_of(ROW)["sections"]}],
    }
    section = {"key": "new", "name": "New", "category": "std", "capacity": 5}
    whole, alone = at_once(adding_section(read(floors), json.dumps(section | {"floor": "f"}).encode(), seats_max=10))
    assert [(each.key, each.floor) for each in sections_of(whole)] == [("s", "f"), ("new", "f")]
    assert [(each.key, each.floor) for each in sections_of(alone)] == [("new", "f")]
    with pytest.raises(InvalidValue) as refused:
        at_once(adding_section(read(floors), json.dumps(section).encode(), seats_max=10))
    assert refused.value.data["field"] == "floor"


def test_the_sample_hall_has_what_it_promises():
    hall = sample_hall()
    (seats,) = seats_of(hall, slice_seats=10**6)
    assert 1_900 <= len(seats) <= 2_100
    assert len(hall.floors) == 3
    assert set(seats.categories) == {category.key for category in SAMPLE_CATEGORIES}
    assert sum(seats.areas) == 400
    assert sum(seats.accessible) == 4 == len(seats) - seats.companions_of.count(None)
    assert any(seats.restricted_views)


@pytest.mark.parametrize("count", [5_000, 47_111, 100_000])
def test_a_stadium_has_exactly_as_many_seats_as_wanted(count):
    hall = stadium(count)
    assert sum(len(seats) for seats in seats_of(hall)) == count
    named = {category for seats in seats_of(hall) for category in seats.categories}
    assert named <= {category.key for category in STADIUM_CATEGORIES}


def test_slices_are_of_the_wanted_size():
    sizes = [len(seats) for seats in seats_of(stadium(20_000), slice_seats=1_000)]
    assert max(sizes) < 1_100
    assert min(sizes[:-1]) >= 1_000
