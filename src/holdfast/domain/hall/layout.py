"""The layout of a chart: what a renderer needs, by rows, as one compact JSON document `holdfast-layout/1`.

It is made from the seats as they are stored, in chart order, because seats are also added without a document.
docs/halls.md describes every field. A row whose seats lie evenly on an arc is sent as the two ends and the height of
that arc, so most of a hall's seats cost nothing (`packing.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import frexp, ldexp
from typing import TypeAlias
from uuid import UUID

import msgspec

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import Hall, Point, sections_in, shapes_in
from holdfast.domain.hall.numbering import numbers_of
from holdfast.domain.hall.outlines import box_of, outlines_of
from holdfast.domain.hall.packing import (
    NumberRuns,
    Packed,
    Scale,
    packed_categories,
    packed_numbers,
    packed_positions,
    places_of,
)

FORMAT = "holdfast-layout/1"
_STEPS = 32_768
"""Places that the larger side of a hall is divided into."""


_Section: TypeAlias = tuple[str | None, str | None]
"""Key and name."""


@dataclass(slots=True)
class ChartSeats:
    """A slice of a chart's seats as they are stored, in chart order: lists of the same length."""

    ids: Sequence[UUID]
    seat_numbers: Sequence[str]
    sections: Sequence[str | None]
    section_keys: Sequence[str | None]
    rows: Sequence[str | None]
    categories: Sequence[str | None]
    """Keys."""
    xs: Sequence[float | None]
    ys: Sequence[float | None]
    areas: Sequence[bool]
    accessible: Sequence[bool]
    companions_of: Sequence[UUID | None]
    restricted_views: Sequence[bool]


@dataclass(slots=True)
class _Group:
    """Seats that follow each other in the chart and have section and row in common."""

    section: _Section
    label: str | None
    area: bool
    placed: bool
    """Whether its seats have positions of their own."""
    seat_numbers: list[str] = field(default_factory=list)
    runs: NumberRuns = field(default_factory=NumberRuns)
    """Of the seat numbers, if the section has no key. They are found slice by slice, because any number of seats may
    have been added without section and row."""
    categories: list[str | None] = field(default_factory=list)
    xs: list[float] = field(default_factory=list)
    ys: list[float] = field(default_factory=list)


class LayoutMaker:
    """Makes the layout of a chart slice by slice, so that other work can be done in between."""

    def __init__(self, hall: Hall | None, categories: Sequence[CategoryDetails]) -> None:
        """Begin with what does not depend on the seats.

        Args:
            hall: The event's document; None if its seats were added without one.
            categories: The event's categories, in their order.
        """
        outlines = outlines_of(hall) if hall else {}
        left, top, right, bottom = box_of(hall, outlines) if hall else (0.0, 0.0, 0.0, 0.0)
        unit = ldexp(1.0, frexp(max(right - left, bottom - top) / _STEPS)[1])
        self._scale = Scale((left, top), unit)
        self._category_at: dict[str | None, int] = {category.key: at for at, category in enumerate(categories)}
        self._printed = _printed_numbers(hall) if hall else {}
        self._sections: dict[_Section, int] = {}
        self._section_bodies: list[Packed] = []
        if hall:
            self._name_sections(hall, outlines)
        self._rows: list[Packed] = []
        self._open: _Group | None = None
        self._seats = 0
        self._ids: list[tuple[UUID, int]] = []
        """The first id of a series, and how many follow each other."""
        self._next_id = -1
        self._accessible: dict[UUID, int] = {}
        """The places of accessible seats in the chart."""
        self._restricted: list[int] = []
        self._companions: list[tuple[int, UUID]] = []
        self._head = {
            "format": FORMAT,
            "name": hall.name if hall else "",
            "unit": unit,
            "origin": [left, top],
            "size": self._scale.steps((right, bottom)),
            "floors": [{"key": floor.key, "name": floor.name} for floor in (hall.floors if hall else None) or ()],
            "categories": [
                {"key": category.key, "name": category.name, "color": category.color} for category in categories
            ],
            "shapes": _shapes(hall) if hall else [],
        }

    def add(self, seats: ChartSeats) -> None:
        """Add the next seats of the chart."""
        first = self._seats
        self._seats += len(seats.ids)
        self._add_ids(seats.ids)
        for at, flag in enumerate(seats.accessible):
            if flag:
                self._accessible[seats.ids[at]] = first + at
        self._restricted += [first + at for at, flag in enumerate(seats.restricted_views) if flag]
        if seats.companions_of.count(None) != len(seats.ids):
            self._companions += [(first + at, seat) for at, seat in enumerate(seats.companions_of) if seat is not None]
        at = 0
        placed = [x is not None and y is not None for x, y in zip(seats.xs, seats.ys, strict=True)]
        names = zip(seats.section_keys, seats.sections, seats.rows, seats.areas, placed, strict=True)
        for (key, name, label, area, has_place), same in groupby(names):
            end = at + len(list(same))
            group = self._group((key, name), label, area=area, placed=has_place and not area)
            group.seat_numbers += seats.seat_numbers[at:end]
            if key is None:
                group.runs.add(seats.seat_numbers[at:end])
            group.categories += seats.categories[at:end]
            if group.placed:
                group.xs += [x for x in seats.xs[at:end] if x is not None]
                group.ys += [y for y in seats.ys[at:end] if y is not None]
            at = end

    def finish(self) -> bytes:
        """Return the whole layout as JSON."""
        if self._open:
            self._close(self._open)
        at_of = self._accessible
        body = {
            **self._head,
            "seats": self._seats,
            "ids": self._ids,
            "sections": self._section_bodies,
            "rows": self._rows,
            "accessible": list(at_of.values()),
            "restricted_view": self._restricted,
            "companions": [[place, at_of[seat]] for place, seat in self._companions if seat in at_of],
        }
        return msgspec.json.encode(body)

    def _name_sections(self, hall: Hall, outlines: dict[str, list[Point]]) -> None:
        floors = [floor.key for floor in hall.floors or ()]
        for section, floor, _ in sections_in(hall):
            self._sections[section.key, section.name] = len(self._section_bodies)
            self._section_bodies.append(
                {
                    "key": section.key,
                    "name": section.name,
                    **({} if floor is None else {"floor": floors.index(floor)}),
                    **({} if section.capacity is None else {"area": True}),
                    "outline": [step for point in outlines[section.key] for step in self._scale.steps(point)],
                }
            )

    def _add_ids(self, ids: Sequence[UUID]) -> None:
        """Write ids as series: those of seats that were added together follow each other."""
        for seat in ids:
            number = seat.int
            if number == self._next_id:
                first, count = self._ids[-1]
                self._ids[-1] = (first, count + 1)
            else:
                self._ids.append((seat, 1))
            self._next_id = number + 1

    def _group(self, section: _Section, label: str | None, *, area: bool, placed: bool) -> _Group:
        """Return the group that the next seats belong to: the open one, or a new one."""
        group = self._open
        if group is None or (group.section, group.label, group.area, group.placed) != (section, label, area, placed):
            if group is not None:
                self._close(group)
            group = self._open = _Group(section, label, area=area, placed=placed)
        return group

    def _close(self, group: _Group) -> None:
        row: Packed = {"seats": len(group.seat_numbers)}
        if group.section != (None, None):
            row["section"] = self._section_at(group.section)
        if group.label is not None:
            row["label"] = group.label
        row |= packed_categories([self._category_at.get(key) for key in group.categories])
        if group.placed:
            row |= packed_positions(*self._scale.in_steps(group.xs, group.ys))
        row |= packed_numbers(self._numbers(group), places_of(row), group.runs if group.section[0] is None else None)
        self._rows.append(row)

    def _numbers(self, group: _Group) -> list[str]:
        """Return what is printed on the seats: their numbers in the row where the document makes the seat numbers."""
        key, numbers = group.section[0], group.seat_numbers
        if key is None:
            return numbers
        prefix = f"{key}-{group.label}-" if group.label else f"{key}-"
        if all(number.startswith(prefix) for number in numbers):
            start = len(prefix)
            return [number[start:] for number in numbers]
        return [self._printed.get(number, number) for number in numbers]

    def _section_at(self, section: _Section) -> int:
        """Return the place of a section in the list; one that no document describes is added to it."""
        place = self._sections.setdefault(section, len(self._section_bodies))
        if place == len(self._section_bodies):
            key, name = section
            self._section_bodies.append({**({"key": key} if key else {}), "name": name or key})
        return place


def _printed_numbers(hall: Hall) -> dict[str, str]:
    """Return what is printed on the seats whose seat numbers are listed in the document."""
    printed: dict[str, str] = {}
    for section, _, path in sections_in(hall):
        for row in section.rows or ():
            if row.seat_numbers is not None:
                printed |= zip(row.seat_numbers, numbers_of(row, path), strict=True)
    return printed


def _shapes(hall: Hall) -> list[Packed]:
    """Return the shapes as they are in the document, those of a floor with its place in the list."""
    return [
        msgspec.to_builtins(shape) | ({} if floor is None else {"floor": floor}) for floor, shape in shapes_in(hall)
    ]
