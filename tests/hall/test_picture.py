"""The picture of a hall."""

from xml.etree import ElementTree as ET

from hypothesis import given, settings

from hall.halls import halls
from holdfast.domain.hall.document import Hall, Label, Row, Section
from holdfast.domain.hall.outlines import outlines_of
from holdfast.domain.hall.picture import picture_of
from holdfast.domain.hall.samples import SAMPLE_CATEGORIES, sample_hall
from holdfast.domain.hall.seats import seats_of

SVG = "{http://www.w3.org/2000/svg}"


def drawn(hall: Hall, **options) -> ET.Element:
    return ET.fromstring("".join(picture_of(hall, SAMPLE_CATEGORIES, **options)))


@given(halls())
@settings(max_examples=40)
def test_every_seat_is_drawn_inside_the_picture(hall):
    picture = drawn(hall)
    left, top, width, height = map(float, picture.get("viewBox").split())
    dots = [
        step.removesuffix("h0").split()
        for path in picture.iter(f"{SVG}path")
        if path.get("stroke-linecap") == "round" and path.get("stroke") != "#fff"
        for step in path.get("d").split("M")[1:]
    ]
    assert len(dots) == sum(seats.areas.count(False) for seats in seats_of(hall))
    for x, y in dots:
        assert left <= float(x) <= left + width
        assert top <= float(y) <= top + height


def test_a_seat_far_from_its_neighbours_is_inside_too():
    """In a row between others, such a seat was outside the section's outline and outside the picture."""
    rows = [
        Row(label="1", count=2, start=(0, 0), end=(0, 0.25), bend=0.1),
        Row(label="2", numbers=["1", "2", "3"], positions=[(0, 0), (-90, 0), (0, 0)]),
        Row(label="3", numbers=["1"], positions=[(0, 0)]),
    ]
    hall = Hall(format="holdfast-hall/1", sections=[Section(key="s", name="S", category="x", rows=rows)])
    left, *_ = map(float, drawn(hall).get("viewBox").split())
    assert left < -90
    assert min(x for x, _ in outlines_of(hall)["s"]) <= -90


def test_texts_cannot_add_elements():
    row = Row(label="<b>", count=2, start=(0, 0), end=(9, 0))
    hall = Hall(
        format="holdfast-hall/1",
        name="<script>&",
        sections=[Section(key="s", name="</svg>", category="x", rows=[row])],
        shapes=[Label(at=(0, 0), text='"<script>alert(1)</script>')],
    )
    picture = drawn(hall, numbered=True)
    assert {element.tag for element in picture.iter()} == {
        f"{SVG}{name}" for name in ("svg", "title", "rect", "polygon", "text", "path")
    }


def test_the_sample_hall_is_drawn_in_a_few_kilobytes():
    assert sum(map(len, picture_of(sample_hall(), SAMPLE_CATEGORIES))) < 40_000
