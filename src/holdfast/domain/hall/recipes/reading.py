"""Reads the recipe of a section from its rows, so that a form can show it again."""

from collections.abc import Sequence
from dataclasses import replace
from math import atan, atan2, degrees, hypot, sin

from holdfast.domain.hall.document import Point, Row, SeatException, Section
from holdfast.domain.hall.recipes.making import outline_of, rows_of
from holdfast.domain.hall.recipes.recipe import PITCH, SPACING, AreaRecipe, Labels, RowsRecipe
from holdfast.domain.refusal import InvalidValue

_LABELS: tuple[Labels, ...] = ("letters", "letters-without-i-o", "numbers")
_NEAR = 0.6
_NEAR_BEND = 0.004


def recipe_of(section: Section) -> RowsRecipe | AreaRecipe | None:
    """Return the recipe that makes a section; None if no form could have made it.

    It is read from the rows, and compared with what it makes.
    """
    if section.price is not None or section.focal is not None or section.pretix is not None:
        return None
    if section.rows is None:
        return _area_recipe_of(section)
    if section.outline is not None or any(not _is_plain(row) for row in section.rows):
        return None
    read = _read_rows(section.rows)
    if read is None:
        return None
    for labels in _LABELS:
        recipe = replace(read, labels=labels)
        try:
            made = rows_of(recipe)
        except InvalidValue:
            continue
        if all(_alike(one, other) for one, other in zip(made, section.rows, strict=True)):
            return recipe
    return None


def _read_rows(rows: Sequence[Row]) -> RowsRecipe | None:
    first = rows[0]
    if first.start is None or first.end is None or first.count is None or len({row.numbering for row in rows}) > 1:
        return None
    second = rows[1] if len(rows) > 1 else None
    x, y = _middle(first)
    # Coordinates are rounded, so what is furthest apart says most exactly how far apart its parts are.
    longest = max(rows, key=lambda row: row.count or 0)
    places = (longest.count or 1) - 1
    apart = _distance((x, y), _middle(rows[-1])) / (len(rows) - 1) if second is not None else SPACING
    front = 0
    while front < len(rows) and rows[front].category is not None and rows[front].category == first.category:
        front += 1
    special: dict[str, list[str]] = {"missing": [], "accessible": [], "restricted_view": []}
    for row in rows:
        for exception in row.exceptions:
            for field, names in special.items():
                if getattr(exception, field):
                    names += [f"{row.label}-{number}" for number in exception.seats]
    return RowsRecipe(
        rows=len(rows),
        seats=first.count,
        growth=0 if second is None else (second.count or 0) - first.count,
        curve=round(first.bend, 4),
        first_label=first.label,
        numbering=first.numbering,
        x=round(x, 1),
        y=round(y, 1),
        rotation=round(_angle(longest), 1),
        pitch=round(_length(longest) / places, 2) if places else PITCH,
        spacing=round(apart, 2),
        front_rows=front,
        front_category=first.category,
        missing=tuple(special["missing"]),
        accessible=tuple(special["accessible"]),
        restricted_view=tuple(special["restricted_view"]),
    )


def _is_plain(row: Row) -> bool:
    """Return whether a row has nothing that a form does not ask for."""
    unusual = (row.numbers, row.positions, row.seat_numbers, row.price, row.radius, row.pretix)
    plain = all(value is None for value in unusual) and row.label_at == "both"
    return plain and all(
        exception
        == SeatException(
            seats=exception.seats,
            missing=exception.missing,
            accessible=exception.accessible,
            restricted_view=exception.restricted_view,
        )
        and exception.missing + exception.accessible + exception.restricted_view == 1
        for exception in row.exceptions
    )


def _alike(made: Row, given: Row) -> bool:
    same = (made.label, made.count, made.numbering, made.category) == (
        given.label,
        given.count,
        given.numbering,
        given.category,
    )
    if not same or made.start is None or made.end is None or given.start is None or given.end is None:
        return False
    ends_near = _distance(made.start, given.start) < _NEAR and _distance(made.end, given.end) < _NEAR
    return ends_near and abs(made.bend - given.bend) < _NEAR_BEND and _names(made) == _names(given)


def _names(row: Row) -> list[tuple[bool, bool, str]]:
    return sorted((one.missing, one.accessible, number) for one in row.exceptions for number in one.seats)


def _area_recipe_of(section: Section) -> AreaRecipe | None:
    if section.capacity is None or section.outline is None or len(section.outline) != 4:
        return None
    xs, ys = [x for x, _ in section.outline], [y for _, y in section.outline]
    recipe = AreaRecipe(
        capacity=section.capacity,
        x=(min(xs) + max(xs)) / 2,
        y=min(ys),
        width=max(xs) - min(xs),
        depth=max(ys) - min(ys),
    )
    corners = outline_of(recipe)
    same = all(_distance(one, other) < _NEAR for one, other in zip(corners, section.outline, strict=True))
    return recipe if same else None


def _middle(row: Row) -> Point:
    """Return the middle of a row's arc."""
    (x0, y0), (x1, y1) = row.start or (0.0, 0.0), row.end or (0.0, 0.0)
    return ((x0 + x1) / 2 - (y1 - y0) * row.bend, (y0 + y1) / 2 + (x1 - x0) * row.bend)


def _angle(row: Row) -> float:
    (x0, y0), (x1, y1) = row.start or (0.0, 0.0), row.end or (0.0, 0.0)
    return degrees(atan2(y1 - y0, x1 - x0))


def _length(row: Row) -> float:
    """Return the length of a row's arc."""
    chord = _distance(row.start or (0.0, 0.0), row.end or (0.0, 0.0))
    if not row.bend:
        return chord
    angle = 4 * atan(2 * row.bend)
    return chord / 2 / sin(angle / 2) * angle if sin(angle / 2) else chord


def _distance(one: Point, other: Point) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])
