"""Halls go from any format to any other, and no input makes a reader fail in another way than by a refusal."""

import json
import math
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from hall.halls import documents, halls
from hall.test_pretix import NEWER, OLDER
from hall.test_schema import VALUES, places_in, put
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import Hall
from holdfast.domain.hall.formats import HallFormat, document_of, hall_from
from holdfast.domain.hall.imported import at_once
from holdfast.domain.hall.layout import LayoutMaker
from holdfast.domain.hall.outlines import drawing_outlines, outlines_of
from holdfast.domain.hall.picture import picture_of
from holdfast.domain.hall.reading import read_hall, write_hall
from holdfast.domain.hall.seats import SeatColumns, seats_of
from holdfast.domain.refusal import InvalidValue

KNOWN = [CategoryDetails(key, key.title(), "#123456", 100) for key in ("std", "low", "vip")]
PRICES = {"Parkett": 1, "Empore": 2, "Premium": 3, "Standard": 4}
ROW = {"label": "A", "count": 5, "start": [0, 0], "end": [80, 0]}
FORMATS = st.sampled_from(list(HallFormat))


def converted(hall: Hall, wanted: HallFormat) -> Hall:
    raw = at_once(document_of(hall, wanted, categories=KNOWN))
    return at_once(hall_from(raw, wanted, known=KNOWN, prices={})).hall


def seats_in(hall: Hall) -> SeatColumns:
    (seats,) = seats_of(hall, slice_seats=10**6)
    return seats


@given(halls())
@settings(max_examples=40)
def test_a_document_is_written_as_it_was_read(hall):
    assert converted(hall, HallFormat.HOLDFAST) == hall


@given(halls(), st.lists(FORMATS, min_size=2, max_size=4))
@settings(max_examples=40)
def test_seats_keep_what_every_format_can_express(hall, formats):
    before = seats_in(hall)
    found = hall
    for wanted in formats:
        found = converted(found, wanted)
    after = seats_in(found)
    kept = (
        [at for at, area in enumerate(before.areas) if not area] if HallFormat.PRETIX in formats else range(len(before))
    )
    for name in ("numbers", "sections", "rows", "categories"):
        assert getattr(after, name) == [getattr(before, name)[at] for at in kept], name
    for name in ("xs", "ys"):
        for now, at in zip(getattr(after, name), kept, strict=True):
            was = getattr(before, name)[at]
            assert before.areas[at] or abs(now - was) < 0.01
    if HallFormat.CSV not in formats:
        assert after.seat_numbers == [before.seat_numbers[at] for at in kept]


def read_or_refused(raw: bytes, given_format: HallFormat, known=KNOWN) -> None:
    """Whatever is read can be written, read again, drawn and turned into seats."""
    try:
        found = at_once(hall_from(raw, given_format, known=known, prices={}))
        list(seats_of(found.hall))
    except InvalidValue:
        return
    assert read_hall(write_hall(found.hall)) == found.hall
    outlines_of(found.hall)
    LayoutMaker(found.hall, found.categories).finish()
    at_once(document_of(found.hall, HallFormat.PRETIX, categories=found.categories))
    assert "".join(picture_of(found.hall, found.categories))


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([OLDER, NEWER]), st.data())
def test_a_damaged_plan_is_read_or_refused(plan, data):
    for _ in range(data.draw(st.integers(1, 2))):
        plan = put(plan, data.draw(st.sampled_from(places_in(plan)[1:])), data.draw(JSON_VALUES))
        if not isinstance(plan, dict) or "zones" not in plan:
            break
    known = [CategoryDetails(f"c{at}", name, "#000000", 1) for at, name in enumerate([*PRICES, "Uncategorised"])]
    read_or_refused(json.dumps(plan).encode(), HallFormat.PRETIX, known)


@given(documents(), st.data())
def test_a_damaged_document_is_read_or_refused(document, data):
    document = put(document, data.draw(st.sampled_from(places_in(document)[1:])), data.draw(JSON_VALUES))
    read_or_refused(json.dumps(document).encode(), HallFormat.HOLDFAST)


CELLS = st.sampled_from(
    ["", "S", "T", "A", "1", "2", "std", "100", "1.5", "nan", "1e9", "yes", '"', '"x', "x" * 60, "\x00"]
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=8).map(",".join), max_size=6))
def test_any_lines_are_read_or_refused(lines):
    text = "\n".join(["section,row,number,category,price,x,y,accessible", *lines])
    read_or_refused(text.encode(), HallFormat.CSV)


@given(st.binary(max_size=60), FORMATS)
def test_any_bytes_are_read_or_refused(raw, given_format):
    read_or_refused(raw, given_format)


def spiral(rows: int) -> Hall:
    """Return a hall whose only section has rows with one label along a spiral, which no outline can follow."""
    places = [[at * math.cos(at), at * math.sin(at)] for at in range(rows)]
    section = {
        "key": "s",
        "name": "S",
        "price": 1,
        "rows": [{"label": "A", "numbers": [str(at)], "positions": [place]} for at, place in enumerate(places)],
    }
    return read_hall(json.dumps({"format": "holdfast-hall/1", "sections": [section]}).encode())


def test_outlines_take_time_in_proportion_to_the_rows():
    def cpu_seconds(hall: Hall) -> float:
        begin = time.thread_time()
        outlines_of(hall)
        return time.thread_time() - begin

    few, many = spiral(500), spiral(2_000)
    assert min(cpu_seconds(many) for _ in range(3)) < 8 * min(cpu_seconds(few) for _ in range(3))


def test_outlines_are_drawn_in_steps():
    sections = [{"key": f"s{at}", "name": "S", "price": 1, "rows": [ROW]} for at in range(20)]
    hall = read_hall(json.dumps({"format": "holdfast-hall/1", "sections": sections}).encode())
    assert len(list(drawing_outlines(hall))) == 20
