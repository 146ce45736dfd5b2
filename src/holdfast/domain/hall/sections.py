"""What choosing seats needs of a hall's sections."""

from dataclasses import dataclass

from holdfast.domain.hall.document import Hall, Label, Point, Section, sections_in, shapes_in
from holdfast.domain.hall.geometry import middle_of
from holdfast.domain.hall.shapes import corners_of


@dataclass(frozen=True, slots=True)
class SectionSummary:
    """A section without its seats."""

    key: str
    name: str
    floor: str | None
    """The floor's key; None if the hall has no floors."""
    area: bool
    """Whether it is an area for general admission."""
    focal: Point | None
    """The point that its best seats are near; None if nothing tells one (no seats with places, no stage)."""


def sections_of(hall: Hall) -> list[SectionSummary]:
    """Return the sections in chart order.

    The focal point is the section's own, else the hall's, else the middle of the stage, else that of the section's
    first row.
    """
    common = hall.focal or _stage(hall)
    return [
        SectionSummary(
            key=section.key,
            name=section.name,
            floor=floor,
            area=section.capacity is not None,
            focal=section.focal or common or _first_row(section),
        )
        for section, floor, _ in sections_in(hall)
    ]


def _stage(hall: Hall) -> Point | None:
    for _, shape in shapes_in(hall):
        if not isinstance(shape, Label) and shape.role == "stage":
            return middle_of(corners_of(shape))
    return None


def _first_row(section: Section) -> Point | None:
    if not section.rows:
        return middle_of(section.outline) if section.outline else None
    row = section.rows[0]
    if row.positions is not None:
        return middle_of(row.positions)
    return middle_of([point for point in (row.start, row.end) if point is not None])
