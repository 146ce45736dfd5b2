"""The JSON Schema accepts and refuses what the reader does, as far as a schema can tell."""

import copy
import json

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hall.halls import documents
from holdfast.domain.hall.reading import read_hall
from holdfast.domain.hall.schema import hall_schema
from holdfast.domain.refusal import InvalidValue

SCHEMA = jsonschema_rs.Draft202012Validator(hall_schema())
WHOLE = {
    "format": "holdfast-hall/1",
    "name": "Hall",
    "size": [100, 100],
    "focal": [0, 0],
    "sections": [
        {
            "key": "s",
            "name": "S",
            "category": "std",
            "price": 10,
            "outline": [[0, 0], [1, 0], [1, 1]],
            "focal": [1, 1],
            "rows": [
                {
                    "label": "A",
                    "count": 3,
                    "numbering": "odd from right",
                    "start": [0, 0],
                    "end": [40, 0],
                    "bend": 0.1,
                    "category": "low",
                    "price": 7,
                    "radius": 8,
                    "label_at": "start",
                    "exceptions": [
                        {"seats": ["1"], "accessible": True, "category": "low", "price": 1, "radius": 9},
                        {"seats": ["3"], "companion_of": "1", "restricted_view": True, "start_direction": "<>"},
                        {"seats": ["5"], "missing": True},
                    ],
                    "pretix": {"row_label": "Row A", "seat_label": "Seat %s"},
                },
                {"label": "B", "numbers": ["1", "2"], "positions": [[0, 9], [9, 9]], "seat_numbers": ["x", "y"]},
            ],
            "pretix": {"name": "", "zone_id": "z"},
        },
        {"key": "a", "name": "Area", "category": "low", "capacity": 10},
    ],
    "shapes": [
        {
            "shape": "rectangle",
            "at": [0, 0],
            "size": [9, 9],
            "rotation": 45,
            "role": "stage",
            "text": "Stage",
            "text_at": [1, 1],
            "text_size": 12,
            "text_color": "#000000",
            "color": "#ffffff",
            "border_color": "#000000",
        },
        {"shape": "ellipse", "at": [0, 0], "radii": [9, 9]},
        {"shape": "polygon", "at": [5, 5], "points": [[0, 0], [1, 0], [1, 1]]},
        {"shape": "text", "at": [0, 0], "text": "Bar", "size": 9, "rotation": 1, "color": "#123abc"},
    ],
}
NUMBERS = [0, -1, 1, 2.5, 10**7, 10**13]
TEXTS = [
    "",
    "x",
    "X y",
    "x\u0000",
    "abc\n",
    "odd",
    "7..",
    "odd odd",
    "#12345",
    "#ABCdef",
    "#abcdef\n",
    "x" * 51,
    "x" * 256,
]
LISTS = [[], [0], [0, 0], [0, 0, 0], [0, "0"], [0, 10**7], ["1"], [""], [[0, 0]]]
VALUES = [None, True, {}, {"a": 1}, *NUMBERS, *TEXTS, *LISTS]


def places_in(value: object, path: tuple = ()) -> list[tuple]:
    """Return the path of every value in a document."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, child in children for place in places_in(child, (*path, name)))]


def put(document: dict, path: tuple, value: object) -> object:
    if not path:
        return value
    document = copy.deepcopy(document)
    part = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return document


BEYOND_A_SCHEMA = (
    "must have an entry for each|repeats that of|must begin with an|invisible character|begin or end with a"
)
"""What the reader alone refuses: lengths that must agree, keys that must differ, texts that must be legible."""


def assert_agreed(document: object) -> None:
    by_schema = SCHEMA.is_valid(document)
    try:
        read_hall(json.dumps(document).encode())
    except InvalidValue:
        if by_schema:
            with pytest.raises(InvalidValue, match=BEYOND_A_SCHEMA):
                raise
    else:
        assert by_schema, [error.message for error in SCHEMA.iter_errors(document)]


def test_the_whole_document_is_accepted():
    assert SCHEMA.is_valid(WHOLE)
    assert read_hall(json.dumps(WHOLE).encode()).name == "Hall"


def test_schema_and_reader_agree_wherever_a_value_is_put():
    for path in places_in(WHOLE):
        for value in VALUES:
            assert_agreed(put(WHOLE, path, value))


def test_schema_and_reader_agree_when_something_is_left_out_or_added():
    for path in places_in(WHOLE)[1:]:
        document = copy.deepcopy(WHOLE)
        part = document
        for step in path[:-1]:
            part = part[step]
        kept = part[path[-1]]
        del part[path[-1]]
        assert_agreed(document)
        if isinstance(part, dict):
            part["something_else"] = kept
            assert_agreed(document)


@given(documents(), st.data())
@settings(max_examples=60)
def test_schema_and_reader_agree_on_random_documents(document, data):
    assert_agreed(document)
    path = data.draw(st.sampled_from(places_in(document)))
    assert_agreed(put(document, path, data.draw(st.sampled_from(VALUES))))
