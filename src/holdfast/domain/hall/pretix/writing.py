"""Writes a hall as a seating plan of pretix, in the newer generation."""

from collections.abc import Sequence
from math import ceil
from typing import Any, TypeAlias

import msgspec

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import Hall, PretixRow, PretixZone, Row, Section, sections_in, shapes_in
from holdfast.domain.hall.imported import Steps
from holdfast.domain.hall.keys import UNNAMED
from holdfast.domain.hall.outlines import box_of, drawing_outlines
from holdfast.domain.hall.pretix.areas import area_of, outline_area
from holdfast.domain.hall.seats import seats_of_row

_RADIUS = 10
"""What pretix takes for a seat without a radius."""
_STEP_SEATS = 1_000
_Json: TypeAlias = dict[str, Any]


def pretix_writing(hall: Hall, categories: Sequence[CategoryDetails]) -> Steps[bytes]:
    """Write a hall as a plan: a zone for each section with every seat of its rows, and one zone for all shapes.

    A plan has no prices, floors, accessible seats, companions, restricted views or areas that are sold by number; an
    area becomes a drawing of its outline with its name.
    """
    outlines = yield from drawing_outlines(hall)
    name_of: dict[str | None, str] = {category.key: category.name for category in categories}
    name_of |= {category.key: "" for category in categories if category.name == UNNAMED}
    drawn = [area_of(shape) for _, shape in shapes_in(hall)]
    zones: list[_Json] = []
    since_pause = 0
    for section, _, path in sections_in(hall):
        if section.rows is None:
            drawn.append(outline_area(section.name, outlines[section.key]))
            continue
        rows = []
        for at, row in enumerate(section.rows):
            rows.append(_row(section, row, f"{path}.rows[{at}]", name_of))
            since_pause += len(rows[-1]["seats"])
            if since_pause >= _STEP_SEATS:
                yield
                since_pause = 0
        zones.append(_zone(section, rows))
    if drawn:
        zones.insert(0, {"name": "", "position": _position(0, 0), "rows": [], "areas": drawn})
    _, _, right, bottom = box_of(hall, outlines)
    width, height = hall.size or (right, bottom)
    plan = {
        "name": hall.name,
        "size": {"width": max(1, ceil(width)), "height": max(1, ceil(height))},
        "categories": [{"name": category.name, "color": category.color} for category in categories],
        "zones": zones,
    }
    return msgspec.json.encode(plan)


def _zone(section: Section, rows: list[_Json]) -> _Json:
    kept = section.pretix or PretixZone()
    return {
        "name": section.name if kept.name is None else kept.name,
        "zone_id": section.key if kept.zone_id is None else kept.zone_id,
        "position": _position(0, 0),
        "rows": rows,
        "areas": [],
    }


def _row(section: Section, row: Row, path: str, name_of: dict[str | None, str]) -> _Json:
    seats = seats_of_row(section, row, path)
    kept = row.pretix or PretixRow()
    radius_of = {name: one.radius for one in row.exceptions if one.radius is not None for name in one.seats}
    direction_of = {name: one.start_direction for one in row.exceptions if one.start_direction for name in one.seats}
    names = seats.numbers if row.seat_numbers is None else seats.seat_numbers
    listed: list[_Json] = []
    for at, name in enumerate(names):
        seat: _Json = {
            "seat_number": seats.numbers[at],
            "seat_guid": seats.seat_numbers[at],
            "position": _position(seats.xs[at] or 0, seats.ys[at] or 0),
            "category": name_of.get(seats.categories[at], seats.categories[at] or ""),
        }
        radius = radius_of.get(name, row.radius)
        if radius is not None and round(radius) != _RADIUS:
            seat["radius"] = round(radius)
        if name in direction_of:
            seat["start_direction"] = direction_of[name]
        listed.append(seat)
    body: _Json = {
        "row_number": row.label,
        "row_number_position": None if row.label_at == "none" else row.label_at,
        "position": _position(0, 0),
        "seats": listed,
    }
    if kept.row_label is not None:
        body["row_label"] = kept.row_label
    if kept.seat_label is not None:
        body["seat_label"] = kept.seat_label
    return body


def _position(x: float, y: float) -> _Json:
    return {"x": round(x, 3), "y": round(y, 3)}
