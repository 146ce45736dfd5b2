"""The rules of a document that its types do not express, except those about single seats (`seats.py`)."""

from collections.abc import Collection

from holdfast.domain.hall.document import (
    HALL_SEATS_MAX,
    ROWS_MAX,
    SECTIONS_MAX,
    SHAPES_MAX,
    Hall,
    Row,
    Section,
    sections_in,
    shapes_in,
)
from holdfast.domain.hall.imported import Steps
from holdfast.domain.hall.numbering import numbers_of
from holdfast.domain.legible import require_legible
from holdfast.domain.refusal import InvalidValue

_STEP_PLACES = 5_000
"""Places of rows that are checked between two pauses."""
_STEP_CATEGORIES = 2_000
"""Rows and exceptions whose categories are looked at between two pauses."""


def checking_hall(hall: Hall, *, seats_max: int = HALL_SEATS_MAX) -> Steps[None]:
    """Check a document as far as that needs no look at single seats.

    Raises:
        InvalidValue: naming the place in the document.
    """
    if (hall.sections is None) == (hall.floors is None):
        raise InvalidValue("sections", "must be given, or floors with sections, and not both")
    _require_unlike("floors", [floor.key for floor in hall.floors or []])
    for at, floor in enumerate(hall.floors or []):
        require_legible(f"floors[{at}].name", floor.name)
    places, keys = 0, set()
    sections = sections_in(hall)
    _require_at_most("sections", len(sections), SECTIONS_MAX)
    _require_at_most("shapes", len(shapes_in(hall)), SHAPES_MAX)
    for section, _, path in sections:
        if section.key in keys:
            raise InvalidValue(f"{path}.key", "repeats that of another section")
        keys.add(section.key)
        yield from _checking_section(section, path)
        places += section.capacity or sum(row.count or len(row.numbers or ()) for row in section.rows or ())
        if places > seats_max:
            raise InvalidValue(path, f"brings the hall to {places} seats: at most {seats_max} fit")


def requiring_known_categories(hall: Hall, keys: Collection[str]) -> Steps[None]:
    """Refuse a document that names a category the event does not have.

    Raises:
        InvalidValue: naming the place in the document.
    """
    looked_at = 0
    for section, _, path in sections_in(hall):
        _require_known(f"{path}.category", section.category, keys)
        for at, row in enumerate(section.rows or ()):
            _require_known(f"{path}.rows[{at}].category", row.category, keys)
            for number, exception in enumerate(row.exceptions):
                _require_known(f"{path}.rows[{at}].exceptions[{number}].category", exception.category, keys)
            looked_at += 1 + len(row.exceptions)
            if looked_at > _STEP_CATEGORIES:
                looked_at = 0
                yield


def _require_known(field: str, category: str | None, keys: Collection[str]) -> None:
    if category is not None and category not in keys:
        raise InvalidValue(field, f"is {category}, which is none of this event's categories")


def _checking_section(section: Section, path: str) -> Steps[None]:
    require_legible(f"{path}.name", section.name)
    if (section.rows is None) == (section.capacity is None):
        raise InvalidValue(f"{path}.rows", "must be given, or a capacity, and not both")
    if section.rows is None and section.category is None and section.price is None:
        raise InvalidValue(f"{path}.category", "is required")
    _require_at_most(f"{path}.rows", len(section.rows or ()), ROWS_MAX)
    passed = 0
    for at, row in enumerate(section.rows or ()):
        _check_row(section, row, f"{path}.rows[{at}]")
        passed += 20 + (row.count or 0)
        if passed > _STEP_PLACES:
            passed = 0
            yield
    yield


def _check_row(section: Section, row: Row, path: str) -> None:
    require_legible(f"{path}.label", row.label)
    if (row.count is None) == (row.numbers is None):
        raise InvalidValue(f"{path}.count", "must be given, or numbers, and not both")
    if row.numbers is not None and row.numbering is not None:
        raise InvalidValue(f"{path}.numbering", "cannot be given together with numbers")
    places = len(numbers_of(row, path))
    if row.positions is not None:
        if row.start is not None or row.end is not None or row.bend:
            raise InvalidValue(f"{path}.positions", "cannot be given together with start, end and bend")
        _require_length(f"{path}.positions", len(row.positions), places)
    else:
        for name, point in (("start", row.start), ("end", row.end)):
            if point is None:
                raise InvalidValue(f"{path}.{name}", "is required, or positions are")
    if row.seat_numbers is not None:
        _require_length(f"{path}.seat_numbers", len(row.seat_numbers), places)
    if section.category is None and section.price is None and row.category is None and row.price is None:
        raise InvalidValue(f"{path}.category", "is required here or in the section")


def _require_at_most(field: str, count: int, most: int) -> None:
    if count > most:
        raise InvalidValue(field, f"must have at most {most} entries")


def _require_length(field: str, length: int, places: int) -> None:
    if length != places:
        raise InvalidValue(field, f"must have an entry for each of the row's {places} places, and has {length}")


def _require_unlike(field: str, keys: list[str]) -> None:
    for at, key in enumerate(keys):
        if key in keys[:at]:
            raise InvalidValue(f"{field}[{at}].key", "repeats that of another one")
