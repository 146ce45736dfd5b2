"""Documents are decoded piece by piece, with the same result and errors as at once."""

import gc
import json
import time

import pytest
from hypothesis import given, settings

from hall.halls import documents
from holdfast.domain.hall.decoding import pieces
from holdfast.domain.hall.formats import HallFormat, hall_from
from holdfast.domain.hall.reading import read_hall
from holdfast.domain.refusal import InvalidValue

WHOLE = pieces._PIECE_BYTES


@pytest.fixture
def in_pieces(monkeypatch):
    """Decode every part that can be divided in pieces, however small."""
    monkeypatch.setattr(pieces, "_PIECE_BYTES", 1)


def long_form(rows: int, seats: int = 50) -> dict:
    """Return a document that says everything about each seat."""
    return {
        "format": "holdfast-hall/1",
        "sections": [
            {
                "key": f"s{at}",
                "name": f"Section {at}",
                "price": 1,
                "rows": [
                    {
                        "label": str(row),
                        "numbers": [str(seat) for seat in range(seats)],
                        "positions": [[seat * 20.5, row * 30.25] for seat in range(seats)],
                        "seat_numbers": [f"{at}-{row}-{seat}" for seat in range(seats)],
                        "exceptions": [{"seats": [f"{at}-{row}-{seat}"], "accessible": True} for seat in range(seats)],
                    }
                    for row in range(rows // 10)
                ],
            }
            for at in range(10)
        ],
    }


@given(documents())
@settings(max_examples=40)
def test_any_document_is_read_alike(document):
    raw = json.dumps(document).encode()
    at_once_read = read_hall(raw)
    before = pieces._PIECE_BYTES
    pieces._PIECE_BYTES = 1
    try:
        assert read_hall(raw) == at_once_read
    finally:
        pieces._PIECE_BYTES = before


ROW = '{"label": "A", "count": 2, "start": [0, 0], "end": [9, 0], "exceptions": [{"seats": ["1"], "price": 5}]}'
SHAPE = '{"shape": "text", "at": [0, 0], "text": "Bar"}'
DOCUMENT = (
    '{"format": "holdfast-hall/1", "name": "", "floors": [{"key": "f", "name": "F", "shapes": ['
    + SHAPE
    + '], "sections": [{"key": "s", "name": "S", "price": 1, "rows": ['
    + f"{ROW}, {ROW.replace('A', 'B')}"
    + "]}]}]}"
)


def error_of(raw: str | bytes) -> dict:
    with pytest.raises(InvalidValue) as refused:
        read_hall(raw.encode() if isinstance(raw, str) else raw)
    return refused.value.data


@pytest.mark.parametrize(
    ("given", "instead"),
    [
        ('"format": "holdfast-hall/1"', '"format": "other"'),
        ('"name": ""', '"nama": ""'),
        ('"name": ""', '"name": "", "name": ""'),
        ('"name": ""', '"name": "", "floors": []'),
        ('"name": ""', '"name": "", "n\\u0061me": ""'),
        ('"name": ""', '"name": "x\\"y", "name": ""'),
        ('"name": ""', '"name": "", "shapes": 5'),
        ('"name": ""', '"name": "", "shapes": [5]'),
        ('"floors": [{', '"floors": [5, {'),
        ('"floors": [{', '"floors": [], "x": [{'),
        ('"key": "f"', '"key": "f", "key": "f"'),
        ('"key": "f"', '"key": "F"'),
        ('"key": "f", ', ""),
        ('"shape": "text"', '"shape": "cube"'),
        ('"text": "Bar"', '"text": "Bar", "text": "Bar"'),
        ('"text": "Bar"', '"text": 3'),
        ('"key": "s"', '"key": "s", "rows": []'),
        ('"key": "s"', '"key": "s", "capacity": "5"'),
        ('"price": 1', '"price": -1'),
        ('"label": "B"', '"label": null'),
        ('"label": "B"', '"label": "B", "labels": 1'),
        ('"label": "B"', '"label": "B", "label": "B"'),
        ('"label": "B"', '"label": "B", "start": [0]'),
        ('"label": "B"', '"exceptions": [], "label": "B"'),
        ('"price": 5', '"price": true'),
        ('"price": 5', '"price": 5, "price": 5'),
        ('"price": 5', '"seats": []'),
        ('"price": 5', '"radius": 1e400'),
        ("]}]}]}", "]}]}"),
        ("]}]}]}", "]}]}]}]"),
    ],
)
def test_an_error_is_named_alike(given, instead, monkeypatch):
    assert given in DOCUMENT
    raw = DOCUMENT.replace(given, instead)
    monkeypatch.setattr(pieces, "_PIECE_BYTES", 1)
    in_small_pieces = error_of(raw)
    monkeypatch.setattr(pieces, "_PIECE_BYTES", WHOLE)
    assert in_small_pieces == error_of(raw)


@pytest.mark.usefixtures("in_pieces")
def test_defaults_that_are_written_out_are_no_repeated_fields():
    raw = DOCUMENT.replace('"name": ""', '"name": "", "size": null, "focal": null, "shapes": [], "sections": null')
    assert read_hall(raw.encode()).name == ""


@pytest.mark.usefixtures("in_pieces")
@pytest.mark.parametrize("text", [b"\xff", b"\\q", b"\n", b"\\ud800"])
def test_a_text_that_is_none_is_refused(text):
    for name in (b'"F"', b'"S"', b'"Bar"', b'"A"', b'"1"'):
        assert error_of(DOCUMENT.encode().replace(name, b'"' + text + b'"'))["field"] == "body"


def longest_and_whole_seconds(steps) -> tuple[float, float]:
    """Return the CPU time of the longest step, and that of all."""
    longest, begin = 0.0, time.thread_time()
    before = begin
    for _ in steps:
        now = time.thread_time()
        longest, before = max(longest, now - before), now
    now = time.thread_time()
    return max(longest, now - before), now - begin


def reading(raw: bytes):
    return hall_from(raw, HallFormat.HOLDFAST, known=[], prices={})


def test_no_step_takes_long():
    raw = json.dumps(long_form(rows=400)).encode()
    gc.collect()
    gc.disable()
    try:
        longest, whole = min(longest_and_whole_seconds(reading(raw)) for _ in range(3))
    finally:
        gc.enable()
    assert longest < whole / 8, f"{longest * 1000:.1f} of {whole * 1000:.1f} ms"


@pytest.mark.parametrize("name", ["numbers", "positions", "seat_numbers", "exceptions"])
def test_a_long_row_is_divided_too(name):
    seats = 5_000
    row = {
        "label": "A",
        "numbers": [str(seat) for seat in range(seats)],
        "positions": [[seat * 20.5, 0.25] for seat in range(seats)],
        "seat_numbers": [f"s-{seat}" for seat in range(seats)],
        "exceptions": [{"seats": [f"s-{seat}"], "accessible": True} for seat in range(seats)],
    }
    entries = row[name]
    row[name] = [*entries[:-1], None]
    document = {"format": "holdfast-hall/1", "sections": [{"key": "s", "name": "S", "price": 1, "rows": [row]}]}
    with pytest.raises(InvalidValue) as refused:
        for _ in reading(json.dumps(document).encode()):
            pass
    assert refused.value.data["field"] == f"sections[0].rows[0].{name}[{seats - 1}]"
    row[name] = entries
    assert len(list(reading(json.dumps(document).encode()))) > 10


def test_a_field_given_twice_in_a_long_document_is_named():
    raw = json.dumps(long_form(rows=100)).encode()
    for place, field in [(b'"format"', "format"), (b'"label": "7"', "label"), (b'"name": "Section 7"', "name")]:
        twice = raw.replace(place, (b'"format": "holdfast-hall/1"' if field == "format" else place) + b", " + place)
        with pytest.raises(InvalidValue) as refused:
            for _ in reading(twice):
                pass
        assert refused.value.data == {"field": field, "problem": "is given twice"}
