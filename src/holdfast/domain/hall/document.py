"""The format `holdfast-hall/1`: a hall as a recipe of floors, sections and rows, from which its seats are made.

A coordinate is in units of the document's own, with y pointing down. docs/halls.md describes every field with pictures.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from holdfast.domain.catalogue.event import TEXT_MAX
from holdfast.domain.catalogue.seat import PRICE_MAX, SEAT_NUMBER_MAX

FORMAT = "holdfast-hall/1"
HALL_SEATS_MAX = 100_000
"""Seats in one document (contract)."""
SECTIONS_MAX = 2_000
ROW_SEATS_MAX = 10_000
ROWS_MAX = 20_000
"""Rows in one section."""
FLOORS_MAX = 50
POINTS_MAX = 1_000
"""Corners of one outline or polygon."""
SHAPES_MAX = 5_000
COORDINATE_MAX = 1_000_000
BEND_MAX = 2

_NO_NUL = r"^[^\u0000]*$"
Coordinate: TypeAlias = Annotated[float, Meta(ge=-COORDINATE_MAX, le=COORDINATE_MAX)]
Length: TypeAlias = Annotated[float, Meta(ge=0, le=COORDINATE_MAX)]
Point: TypeAlias = tuple[Coordinate, Coordinate]
Key: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,30}$(?!\n)")]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=SEAT_NUMBER_MAX, pattern=_NO_NUL)]
RowLabel: TypeAlias = Annotated[str, Meta(max_length=SEAT_NUMBER_MAX, pattern=_NO_NUL)]
Caption: TypeAlias = Annotated[str, Meta(max_length=TEXT_MAX, pattern=_NO_NUL)]
Color: TypeAlias = Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}$(?!\n)")]
Price: TypeAlias = Annotated[int, Meta(ge=0, le=PRICE_MAX, description="In the currency's minor unit.")]
Rotation: TypeAlias = Annotated[float, Meta(ge=-360, le=360, description="In degrees, clockwise about the point `at`.")]
Polygon: TypeAlias = Annotated[list[Point], Meta(min_length=3, max_length=POINTS_MAX)]
Numbering: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{1,6}\.\.( (odd|even))?( from right)?|(odd|even)( from right)?|from right)$(?!\n)",
        description="Such as `odd`, `21..`, `even from right` or `101.. odd`. Right is the row's end.",
    ),
]
FORMS = {
    "a-z0-9-": "must be 1 to 30 of the characters a-z, 0-9 and -",
    "0-9A-Fa-f": "must be a color such as #1f6feb",
    "from right": "must be such as odd, 21.., even from right or 101.. odd",
}
"""The patterns in words, by a part of each."""


class _Part(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a document. A misspelt field is refused, because a seat would otherwise lack what it was to have."""


class PretixZone(_Part, kw_only=True, frozen=True):
    """What a zone of a plan of pretix has besides; only its export reads it."""

    name: Caption | None = None
    """Its name, if it cannot be a section's."""
    zone_id: Caption | None = None


class PretixRow(_Part, kw_only=True, frozen=True):
    """What a row of a plan of pretix has besides; only its export reads it."""

    row_label: Caption | None = None
    seat_label: Caption | None = None


class SeatException(_Part, kw_only=True, frozen=True):
    """What is different about some seats of a row."""

    seats: Annotated[list[Name], Meta(min_length=1, max_length=ROW_SEATS_MAX)]
    """Their numbers in the row, or their seat numbers if the row lists those."""
    category: Key | None = None
    price: Price | None = None
    accessible: bool = False
    companion_of: Name | None = None
    """The number of an accessible seat in the same row, or the whole seat number of one elsewhere."""
    restricted_view: bool = False
    missing: bool = False
    """There is no seat in this place, but its number is counted."""
    radius: Length | None = None
    start_direction: Literal["<", ">", "<>"] | None = None
    """A mark in plans of pretix; only their export reads it."""


class Row(_Part, kw_only=True, frozen=True):
    """A row of seats, in the order from `start` to `end`."""

    label: RowLabel
    count: Annotated[int, Meta(ge=1, le=ROW_SEATS_MAX)] | None = None
    numbers: Annotated[list[Name], Meta(min_length=1, max_length=ROW_SEATS_MAX)] | None = None
    numbering: Numbering | None = None
    start: Point | None = None
    end: Point | None = None
    bend: Annotated[float, Meta(ge=-BEND_MAX, le=BEND_MAX)] = 0.0
    """The height of the row's arc over its chord. The middle of a positive one lies to the right of who walks from
    start to end; so a row from left to right bends away from a stage above it."""
    positions: Annotated[list[Point], Meta(min_length=1, max_length=ROW_SEATS_MAX)] | None = None
    """A place for each seat, instead of start, end and bend."""
    seat_numbers: Annotated[list[Name], Meta(min_length=1, max_length=ROW_SEATS_MAX)] | None = None
    """The seat numbers, if they are not made from section, row and number."""
    category: Key | None = None
    price: Price | None = None
    radius: Length | None = None
    label_at: Literal["start", "end", "both", "none"] = "both"
    exceptions: Annotated[list[SeatException], Meta(max_length=ROW_SEATS_MAX)] = []
    pretix: PretixRow | None = None


class Section(_Part, kw_only=True, frozen=True):
    """A section with rows, or an area with a capacity."""

    key: Key
    name: Name
    category: Key | None = None
    price: Price | None = None
    """A price of the seats' own, instead of their category's."""
    outline: Polygon | None = None
    focal: Point | None = None
    """The point that the best seats are near; without it the hall's."""
    rows: Annotated[list[Row], Meta(min_length=1, max_length=ROWS_MAX)] | None = None
    capacity: Annotated[int, Meta(ge=1, le=HALL_SEATS_MAX)] | None = None
    pretix: PretixZone | None = None


class _Shape(_Part, kw_only=True, frozen=True):
    """Something that is drawn and not sold."""

    rotation: Rotation = 0.0
    role: Literal["stage", "decoration"] = "decoration"
    """The best seats are near the stage, unless the document names a focal point."""
    text: Caption = ""
    text_at: Point | None = None
    """Where the middle of the text is, counted from `at`; without it, in the middle of the shape."""
    text_size: Length | None = None
    text_color: Color | None = None
    color: Color | None = None
    border_color: Color | None = None


class Rectangle(_Shape, kw_only=True, frozen=True, tag_field="shape", tag="rectangle"):
    """A rectangle; `at` is its upper left corner."""

    at: Point
    size: tuple[Length, Length]


class Ellipse(_Shape, kw_only=True, frozen=True, tag_field="shape", tag="ellipse"):
    """An ellipse about `at`."""

    at: Point
    radii: tuple[Length, Length]


class PolygonShape(_Shape, kw_only=True, frozen=True, tag_field="shape", tag="polygon"):
    """A polygon, whose points are counted from `at`."""

    at: Point = (0.0, 0.0)
    points: Polygon


class Label(_Part, kw_only=True, frozen=True, tag_field="shape", tag="text"):
    """A text with its middle at `at`."""

    at: Point
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=_NO_NUL)]
    size: Length | None = None
    rotation: Rotation = 0.0
    color: Color | None = None


Shape: TypeAlias = Rectangle | Ellipse | PolygonShape | Label
Shapes: TypeAlias = Annotated[list[Shape], Meta(max_length=SHAPES_MAX)]
Sections: TypeAlias = Annotated[list[Section], Meta(min_length=1, max_length=SECTIONS_MAX)]


class Floor(_Part, kw_only=True, frozen=True):
    """A floor, such as the stalls or a balcony."""

    key: Key
    name: Name
    sections: Sections
    shapes: Shapes = []


class Hall(_Part, kw_only=True, frozen=True):
    """A whole document."""

    format: Literal["holdfast-hall/1"]
    name: Caption = ""
    size: tuple[Length, Length] | None = None
    focal: Point | None = None
    sections: Sections | None = None
    floors: Annotated[list[Floor], Meta(min_length=1, max_length=FLOORS_MAX)] | None = None
    shapes: Shapes = []


def sections_in(hall: Hall) -> list[tuple[Section, str | None, str]]:
    """Return each section, the key of its floor (None if the hall has no floors), and its path in the document."""
    if hall.floors is None:
        return [(section, None, f"sections[{at}]") for at, section in enumerate(hall.sections or [])]
    return [
        (section, floor.key, f"floors[{story}].sections[{at}]")
        for story, floor in enumerate(hall.floors)
        for at, section in enumerate(floor.sections)
    ]


def shapes_in(hall: Hall) -> list[tuple[int | None, Shape]]:
    """Return each shape with the place of its floor in the list; None for those of the whole hall."""
    return [
        *((None, shape) for shape in hall.shapes),
        *((at, shape) for at, floor in enumerate(hall.floors or ()) for shape in floor.shapes),
    ]
