"""Halls as CSV."""

import csv
import io
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hall.halls import halls
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.formulas import defused, restored
from holdfast.domain.hall.formats import HallFormat, document_of, hall_from
from holdfast.domain.hall.imported import Imported, at_once
from holdfast.domain.hall.reading import read_hall, write_hall
from holdfast.domain.hall.seats import SeatColumns, seats_of
from holdfast.domain.refusal import InvalidValue

HEADER = "section,row,number,category,price,x,y,accessible\n"
STALLS = HEADER + "Stalls,A,1,Premium,9000,0,0,\nStalls,A,2,Premium,9000,20,0.5,yes\nStalls,B,1,Standard,5000,0,26,no\n"
STANDARD = CategoryDetails("std", "Standard", "#123456", 5000)


def imported(text: str | bytes, *, known=(), prices=()) -> Imported:
    raw = text.encode() if isinstance(text, str) else text
    return at_once(hall_from(raw, HallFormat.CSV, known=known, prices=dict(prices)))


def seats_in(found: Imported) -> SeatColumns:
    (seats,) = seats_of(found.hall, slice_seats=10**6)
    return seats


def exported(found: Imported) -> str:
    return at_once(document_of(found.hall, HallFormat.CSV, categories=found.categories)).decode()


def test_a_list_of_seats_is_read():
    found = imported(STALLS)
    seats = seats_in(found)
    assert seats.seat_numbers == ["stalls-A-1", "stalls-A-2", "stalls-B-1"]
    assert seats.rows == ["A", "A", "B"]
    assert list(zip(seats.xs, seats.ys, strict=True)) == [(0, 0), (20, 0.5), (0, 26)]
    assert seats.accessible == [False, True, False]
    assert seats.categories == ["premium", "premium", "standard"]
    assert seats.prices == [None] * 3
    assert [(one.key, one.name, one.price) for one in found.categories] == [
        ("premium", "Premium", 9000),
        ("standard", "Standard", 5000),
    ]


def test_a_list_is_exported_as_it_was_imported():
    text = STALLS.replace(",no\n", ",\n").replace("\n", "\r\n")
    assert exported(imported(text)) == text


@pytest.mark.parametrize(
    "raw",
    [
        STALLS.replace("\n", "\r\n").encode(),
        STALLS.encode("utf-8-sig"),
        STALLS.replace(",", "\t").encode("utf-16"),
        STALLS.replace(",", ";").encode(),
        STALLS.rstrip("\n").encode(),
        STALLS.replace("\n", "\n\n").encode(),
        STALLS.replace("Stalls", '"Stalls"').encode(),
        STALLS.replace("section,row", " Section , ROW").encode(),
        STALLS.replace("Stalls,A", " Stalls , A ").encode(),
        (STALLS + ",,,,,,,\n").encode(),
    ],
)
def test_spreadsheets_write_csv_in_many_ways(raw):
    assert seats_in(imported(raw)) == seats_in(imported(STALLS))


def test_quotes_may_enclose_commas_and_quotes():
    text = HEADER + '"Box, ""royal""",,1,Premium,9000,0,0,\n'
    found = imported(text)
    assert seats_in(found).sections == ['Box, "royal"']
    assert exported(found) == text.replace("\n", "\r\n")


def test_only_section_and_number_and_a_price_are_needed():
    seats = seats_in(imported("number,section,price\n1,Stalls,100\n2,Stalls,200\n"))
    assert seats.seat_numbers == ["stalls-1", "stalls-2"]
    assert (seats.categories, seats.prices) == ([None, None], [100, 200])
    assert None not in seats.xs


def test_the_usual_price_is_the_categorys_and_others_are_the_seats_own():
    text = "section,number,category,price\nS,1,Std,100\nS,2,Std,150\nS,3,Std,100\nS,4,,70\nS,5,Std,\n"
    found = imported(text)
    seats = seats_in(found)
    assert [(one.key, one.price) for one in found.categories] == [("std", 100)]
    assert seats.categories == ["std", "std", "std", None, "std"]
    assert seats.prices == [None, 150, None, 70, None]


def test_a_category_of_the_event_keeps_its_price():
    found = imported("section,number,category,price\nS,1,Standard,100\nS,2,std,\n", known=[STANDARD])
    assert found.categories == [STANDARD]
    assert seats_in(found).prices == [100, None]


def test_the_callers_prices_go_first():
    found = imported("section,number,category\nS,1,Standard\nS,2,New\n", known=[STANDARD], prices={"New": 7}.items())
    assert [(one.key, one.price) for one in found.categories] == [("std", 5000), ("new", 7)]


def test_seats_of_a_row_belong_together_wherever_their_lines_are():
    text = "section,row,number,price\nS,A,1,1\nS,B,1,1\nT,A,1,1\nS,A,2,1\n"
    assert seats_in(imported(text)).seat_numbers == ["s-A-1", "s-A-2", "s-B-1", "t-A-1"]


def test_names_without_latin_letters_get_keys_too():
    text = "section,row,number,category,price\n一階席,い,1,S席,9000\n二階席,ろ,1,A席,5000\n"
    found = imported(text)
    assert seats_in(found).seat_numbers == ["section-い-1", "section-2-ろ-1"]
    assert [one.key for one in found.categories] == ["s", "a"]


def test_a_section_without_rows_and_positions_is_an_area_where_others_have_positions():
    text = STALLS + "Floor,,1,Low,10,,,\nFloor,,2,Low,10,,,\n"
    found = imported(text)
    assert found.hall.sections[1].capacity == 2
    assert imported(exported(found)).hall == found.hall


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "body"),
        ("\n", "body"),
        ("section,number,price\n", "line 2"),
        ("section,number,price,colour\nS,1,1,red\n", "line 1"),
        ("section,number,price,price\nS,1,1,1\n", "line 1"),
        ("section,price\nS,1\n", "line 1"),
        ("section,number\nS,1\n", "line 1"),
        ("section,number,price,x\nS,1,1,1\n", "line 1"),
        ("section,number,price\nS,1,1\n,2,1\n", "line 3, column section"),
        ("section,number,price\nS,1,1\nS,,1\n", "line 3, column number"),
        ("section,number,price\nS,1,1\n\nS,1,1\n", "line 4, column number"),
        ("section,number,price\nS,1,1\n\ns,1,1\nS,\u0041\u030a,1\nS,\u00c5,1\n", "line 6, column number"),
        ("section,number,price\nS,1,-1\n", "line 2, column price"),
        ("section,number,price\nS,1,12.50\n", "line 2, column price"),
        ("section,number,price\nS,1,\u0661\n", "line 2, column price"),
        (f"section,number,price\nS,1,{10**13}\n", "line 2, column price"),
        ("section,number,price\nS,1,\n", "line 2, column category"),
        ("section,number,category\nS,1,New\n", "prices"),
        ("section,number,price,x,y\nS,1,1,a,0\n", "line 2, column x"),
        ("section,number,price,x,y\nS,1,1,nan,0\n", "line 2, column x"),
        ("section,number,price,x,y\nS,1,1,0,1e9\n", "line 2, column y"),
        ("section,number,price,x,y\nS,1,1,0,\n", "line 2, column y"),
        ("section,row,number,price,x,y\nS,A,1,1,0,0\nS,A,2,1,,\n", "line 3, column x"),
        ("section,number,price,accessible\nS,1,1,maybe\n", "line 2, column accessible"),
        ("section,number,price\nS,1,1,1\n", "line 2"),
        ('section,number,price\n"S,1,1\n', "line 2"),
        ('section,number,price\n"S"x,1,1\n', "line 2"),
        (f"section,number,price\n{'x' * 51},1,1\n", "line 2, column section"),
        (f"section,row,number,price\n{'x' * 30},{'y' * 17},1,1\n{'x' * 30},{'y' * 17},22,1\n", "line 3, column number"),
        ("section,number,price\n" + "," * 5000 + "\n", "line 2"),
        ("section,number,price\nS\u200b,1,1\n", "line 2, column section"),
        ("section,number,price\nS,1,1\nS\x00,1,1\n", "line 3"),
        (b"section,number,price\nS,1,1\nB\xfchne,1,1\n", "line 3"),
    ],
)
def test_an_error_names_line_and_column(text, field):
    with pytest.raises(InvalidValue) as refused:
        imported(text)
    assert str(refused.value.data["field"]).removesuffix(", column section" if field == "line 3" else "") == field


@settings(max_examples=40)
@given(halls())
def test_any_hall_becomes_a_list_that_is_read_alike(hall):
    known = [CategoryDetails(key, key.title(), "#123456", 100) for key in ("std", "low", "vip")]
    text = at_once(document_of(hall, HallFormat.CSV, categories=known))
    found = imported(text, known=known)
    assert read_hall(write_hall(found.hall)) == found.hall
    assert exported(found).splitlines() == text.decode().splitlines()


WIDE = "\N{FULLWIDTH EQUALS SIGN}"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@x", "'=1", "''-1", "x;=1", 'y,"+1', f"{WIDE}1", "' =1", "'Box'", "d'or", 'row "\'-"'],
)
def test_no_text_of_a_list_is_a_formula_for_a_spreadsheet(text):
    row = {"label": text, "numbers": [text], "start": [0, 0], "end": [0, 0]}
    section = {"key": "s", "name": text, "category": "std", "rows": [row]}
    hall = read_hall(json.dumps({"format": "holdfast-hall/1", "sections": [section]}).encode())
    category = CategoryDetails("std", text, "#123456", 5000)
    written = at_once(document_of(hall, HallFormat.CSV, categories=[category])).decode()
    (values,) = list(csv.reader(io.StringIO(written)))[1:]
    for value in values[:4]:
        for cell in re.split(r"[;,\"]", value):
            assert not cell.lstrip().startswith(("=", "+", "-", "@", WIDE))
    seats = seats_in(imported(written, known=[category]))
    assert (seats.sections, seats.rows, seats.numbers, seats.categories) == ([text], [text], [text], ["std"])


@given(st.text(alphabet="'=+-@ ;,|\"\t\r\nx" + WIDE, max_size=12))
def test_any_text_is_restored(text):
    assert restored(defused(text)) == text
