"""Documents of the format holdfast-hall/1 and the seats that they make."""

import json

import pytest

from holdfast.domain.hall.reading import read_hall, write_hall
from holdfast.domain.hall.seats import SeatColumns, seats_of
from holdfast.domain.hall.sections import sections_of
from holdfast.domain.refusal import InvalidValue

LEAST = {
    "format": "holdfast-hall/1",
    "sections": [
        {
            "key": "stalls",
            "name": "Stalls",
            "category": "std",
            "rows": [{"label": "A", "count": 20, "start": [0, 0], "end": [400, 0], "bend": 0.1}],
        },
        {"key": "floor", "name": "Floor", "category": "low", "capacity": 1000},
    ],
}


def seats_in(document: object) -> SeatColumns:
    (seats,) = seats_of(read_hall(json.dumps(document).encode()), slice_seats=1_000_000)
    return seats


def test_the_least_document_makes_its_seats():
    seats = seats_in(LEAST)
    assert len(seats) == 1020
    assert seats.seat_numbers[:2] + seats.seat_numbers[19:21] + seats.seat_numbers[-1:] == [
        "stalls-A-1",
        "stalls-A-2",
        "stalls-A-20",
        "floor-1",
        "floor-1000",
    ]
    assert (seats.sections[0], seats.rows[0], seats.categories[0], seats.areas[0]) == ("Stalls", "A", "std", False)
    assert (seats.sections[20], seats.rows[20], seats.categories[20], seats.areas[20]) == ("Floor", None, "low", True)
    assert (seats.xs[0], seats.ys[0]) == (pytest.approx(0), pytest.approx(0))


def test_a_document_is_written_as_it_was_read():
    raw = json.dumps(LEAST).encode()
    assert json.loads(write_hall(read_hall(raw))) == LEAST


def test_sections_tell_their_focal_points():
    assert [(each.key, each.area, each.focal) for each in sections_of(read_hall(json.dumps(LEAST).encode()))] == [
        ("stalls", False, (200, 0)),
        ("floor", True, None),
    ]


def test_an_error_names_the_place_in_the_document():
    document = json.loads(json.dumps(LEAST))
    document["sections"][0]["rows"][0]["count"] = 0
    with pytest.raises(InvalidValue) as refused:
        read_hall(json.dumps(document).encode())
    assert refused.value.data == {"field": "sections[0].rows[0].count", "problem": "must be at least 1"}
