"""Sections as a form describes them: what it makes, and that a form shows it again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from holdfast.domain.hall.document import Row, SeatException, Section
from holdfast.domain.hall.recipes.making import moved, outline_of, rows_of
from holdfast.domain.hall.recipes.naming import seats_named
from holdfast.domain.hall.recipes.reading import recipe_of
from holdfast.domain.hall.recipes.recipe import AreaRecipe, RowsRecipe
from holdfast.domain.refusal import InvalidValue

_tenths = st.integers(-3_000, 3_000).map(lambda tenth: tenth / 10)


@st.composite
def recipes(draw):
    rows, seats = draw(st.integers(1, 40)), draw(st.integers(2, 60))
    labels = draw(st.sampled_from(("letters", "letters-without-i-o", "numbers")))
    first = draw(st.sampled_from(("1", "7")) if labels == "numbers" else st.sampled_from(("A", "C", "Y", "AA")))
    return RowsRecipe(
        rows=rows,
        seats=seats,
        growth=draw(st.integers(0, 3)),
        curve=draw(st.integers(0, 20)) / 100,
        labels=labels,
        first_label=first,
        numbering=draw(st.sampled_from((None, "odd", "even from right", "101.."))),
        x=draw(_tenths),
        y=draw(_tenths),
        rotation=float(draw(st.integers(-90, 90))),
        pitch=float(draw(st.integers(15, 30))),
        spacing=float(draw(st.integers(20, 40))),
    )


def _section(recipe: RowsRecipe) -> Section:
    return Section(key="stalls", name="Stalls", category="standard", rows=rows_of(recipe))


@given(recipes())
def test_a_form_shows_the_section_that_it_made(recipe):
    try:
        section = _section(recipe)
    except InvalidValue:
        return  # bent too far
    shown = recipe_of(section)
    assert isinstance(shown, RowsRecipe)
    again = rows_of(shown)
    assert [(row.label, row.count, row.numbering) for row in again] == [
        (row.label, row.count, row.numbering) for row in section.rows
    ]
    for row, before in zip(again, section.rows, strict=True):
        assert row.start == pytest.approx(before.start, abs=0.6)
        assert row.end == pytest.approx(before.end, abs=0.6)


def test_front_rows_and_special_seats_are_shown_again():
    recipe = RowsRecipe(
        rows=3,
        seats=10,
        front_rows=2,
        front_category="gold",
        missing=("A-1", "C-10"),
        accessible=("B-3",),
        restricted_view=("C-1",),
    )
    assert recipe_of(_section(recipe)) == recipe


def test_an_area_is_shown_again():
    recipe = AreaRecipe(capacity=300, x=10.0, y=-5.0, width=100.0, depth=40.0)
    section = Section(key="floor", name="Floor", category="low", outline=outline_of(recipe), capacity=300)
    assert recipe_of(section) == recipe


@pytest.mark.parametrize(
    "row",
    [
        Row(label="A", count=3, positions=[(0, 0), (20, 0), (50, 0)]),
        Row(label="A", count=3, start=(0, 0), end=(40, 0), price=5),
        Row(label="A", numbers=["1", "3", "2"], start=(0, 0), end=(40, 0)),
        Row(label="A", count=3, start=(0, 0), end=(40, 0),
            exceptions=[SeatException(seats=["1"], category="gold")]),
        Row(label="Front", count=3, start=(0, 0), end=(40, 0)),
    ],
)  # fmt: skip
def test_no_form_pretends_to_have_made_what_it_cannot_make(row):
    assert recipe_of(Section(key="a", name="A", category="low", rows=[row])) is None


def test_rows_that_do_not_lie_evenly_are_no_recipe():
    section = _section(RowsRecipe(rows=3, seats=10))
    bent = [*section.rows[:2], structs.replace(section.rows[2], start=(0.0, 300.0))]
    assert recipe_of(structs.replace(section, rows=bent)) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rows": 0}, "rows"),
        ({"seats": 20_000}, "seats"),
        ({"growth": -5, "rows": 10}, "growth"),
        ({"curve": 0.9}, "curve"),
        ({"curve": 0.4, "growth": 40}, "curve"),
        ({"first_label": "1"}, "first_label"),
        ({"labels": "numbers", "first_label": "A"}, "first_label"),
        ({"front_rows": 11}, "front_rows"),
        ({"missing": ("Z-1",)}, "missing"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(change, field):
    recipe = RowsRecipe(rows=10, seats=12)
    with pytest.raises(InvalidValue) as refused:
        rows_of(replace(recipe, **change))
    assert refused.value.data["field"] == field


def test_rows_after_z_go_on_with_two_letters():
    rows = rows_of(RowsRecipe(rows=3, seats=2, first_label="Y"))
    assert [row.label for row in rows] == ["Y", "Z", "AA"]


def test_a_moved_section_keeps_everything_else():
    section = _section(RowsRecipe(rows=2, seats=5, missing=("A-1",)))
    there = moved(section, 10, -20)
    assert recipe_of(there) == replace(recipe_of(section), x=10.0, y=-20.0)


@pytest.mark.parametrize(
    ("text", "seats"),
    [
        ("", ()),
        ("A3", ("A-3",)),
        ("A3, B-1", ("A-3", "B-1")),
        ("A5..7", ("A-5", "A-6", "A-7")),
        ("1-2", ("1-2",)),
        ("AA10~11\nB1", ("AA-10", "AA-11", "B-1")),
    ],
)
def test_seats_are_read_as_people_write_them(text, seats):
    assert seats_named("missing", text) == seats


@pytest.mark.parametrize("text", ["A", "7", "A9..3", "A1..99999"])
def test_what_is_no_seat_is_refused(text):
    with pytest.raises(InvalidValue):
        seats_named("missing", text)
