"""Seating plans of pretix as JSON, in both generations and as other programs write them.

The generations do not tell themselves apart: both call themselves version 0.0.1. The older one has areas with a width
and a height and a plain text; the newer one has areas with shapes, rows with labels, and seats with a radius.
Programs that are not pretix leave out what is required, write numbers for texts and texts for numbers, and add fields.
Unknown fields are ignored, and a value of an unexpected type is read where its meaning is clear.
"""

from typing import TypeAlias

from msgspec import Raw, Struct

Loose: TypeAlias = str | int | float | bool | None
"""A text or a number, whichever a program wrote."""


class PlanPosition(Struct):
    """Counted from the row's, zone's or plan's position."""

    x: Loose = 0
    y: Loose = 0


class PlanSeat(Struct):
    """A seat. Its `seat_guid` names it in its plan for ever."""

    seat_guid: Loose = None
    seat_number: Loose = None
    position: PlanPosition | None = None
    category: Loose = None
    radius: Loose = None
    start_direction: Loose = None
    wheelchair: Loose = None
    """Not pretix's own."""


class PlanRow(Struct):
    """A row; its seats are decoded row by row."""

    seats: Raw = Raw(b"[]")
    row_number: Loose = None
    row_label: Loose = None
    seat_label: Loose = None
    row_number_position: Loose = None
    position: PlanPosition | None = None


class PlanText(Struct):
    """A text in an area."""

    text: Loose = None
    color: Loose = None
    size: Loose = None
    position: PlanPosition | None = None


class PlanRectangle(Struct):
    """The sides of a rectangle."""

    width: Loose = 0
    height: Loose = 0


class PlanEllipse(Struct):
    """The radii of an ellipse."""

    radius: PlanPosition | None = None


class PlanCircle(Struct):
    """The radius of a circle."""

    radius: Loose = 0


class PlanPolygon(Struct):
    """The points of a polygon, counted from the area's position."""

    points: list[PlanPosition] = []


class PlanArea(Struct):
    """Something that is drawn. Width, height and a plain text are the older generation's."""

    position: PlanPosition | None = None
    shape: Loose = None
    color: Loose = None
    border_color: Loose = None
    rotation: Loose = None
    polygon: PlanPolygon | None = None
    rectangle: PlanRectangle | None = None
    ellipse: PlanEllipse | None = None
    circle: PlanCircle | None = None
    text: PlanText | Loose = None
    width: Loose = None
    height: Loose = None


class PlanZone(Struct):
    """A part of the hall, such as a balcony."""

    name: Loose = None
    zone_id: Loose = None
    position: PlanPosition | None = None
    rows: list[PlanRow] | None = None
    areas: list[PlanArea] | None = None


class PlanCategory(Struct):
    """A category: a name and perhaps a colour."""

    name: Loose = None
    color: Loose = None


class PlanSize(Struct):
    """The size of the plan's picture."""

    width: Loose = None
    height: Loose = None


class Plan(Struct):
    """A whole plan."""

    zones: list[PlanZone]
    name: Loose = None
    categories: list[PlanCategory] | None = None
    size: PlanSize | None = None
