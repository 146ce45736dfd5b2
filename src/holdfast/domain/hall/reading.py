"""Reads and writes documents of the format `holdfast-hall/1`."""

import msgspec

from holdfast.domain.hall.decoding.pieces import decoding_hall, decoding_section
from holdfast.domain.hall.document import HALL_SEATS_MAX, Floor, Hall, Section
from holdfast.domain.hall.imported import Steps, at_once
from holdfast.domain.hall.rules import checking_hall
from holdfast.domain.refusal import InvalidValue

VALUES_MAX = 1_500_000
"""Commas and brackets in a document. The longest form of a seat, with number, seat number and position, has six."""


def reading_hall(raw: bytes, *, seats_max: int = HALL_SEATS_MAX) -> Steps[Hall]:
    """Read a document and check every rule that needs no look at single seats; `seats_of` checks the others.

    Raises:
        InvalidValue: naming the place in the document, such as `sections[0].rows[3].count`.
    """
    # A stored document that grew section by section may be larger than any that is given at once.
    hall = yield from decoding_hall(raw, values_max=VALUES_MAX * max(1, seats_max // HALL_SEATS_MAX))
    yield from checking_hall(hall, seats_max=seats_max)
    return hall


def read_hall(raw: bytes, *, seats_max: int = HALL_SEATS_MAX) -> Hall:
    """Do all steps of `reading_hall`."""
    return at_once(reading_hall(raw, seats_max=seats_max))


def write_hall(hall: Hall) -> bytes:
    """Return the document as JSON, without what has its default."""
    return msgspec.json.encode(hall)


def adding_section(hall: Hall, raw: bytes, *, seats_max: int) -> Steps[tuple[Hall, Hall]]:
    """Add a section, a JSON object with a `floor` if the hall has floors, to a hall.

    Args:
        hall: The hall as it is stored.
        raw: The section.
        seats_max: How many seats the whole hall may have.

    Returns:
        The hall with it, and one that has nothing but this section, for its seats.

    Raises:
        InvalidValue: naming the place in the section.
    """
    given = yield from decoding_section(raw, values_max=VALUES_MAX)
    section = Section(**{name: getattr(given, name) for name in Section.__struct_fields__})
    alone = Hall(format="holdfast-hall/1", sections=[section])
    try:
        yield from checking_hall(alone)
    except InvalidValue as error:
        field = str(error.data["field"]).removeprefix("sections[0].")
        raise InvalidValue(field, str(error.data["problem"])) from None
    if hall.floors is None:
        if given.floor is not None:
            raise InvalidValue("floor", "must be left out: this hall has no floors")
        whole = msgspec.structs.replace(hall, sections=[*(hall.sections or []), section])
    else:
        whole = msgspec.structs.replace(hall, floors=_on_floor(hall.floors, given.floor, section))
        floor = next(floor for floor in hall.floors if floor.key == given.floor)
        alone = Hall(format="holdfast-hall/1", floors=[Floor(key=floor.key, name=floor.name, sections=[section])])
    yield from checking_hall(whole, seats_max=seats_max)
    return whole, alone


def _on_floor(floors: list[Floor], key: str | None, section: Section) -> list[Floor]:
    if key not in [floor.key for floor in floors]:
        raise InvalidValue("floor", f"must be one of this hall's: {', '.join(floor.key for floor in floors)}")
    return [
        msgspec.structs.replace(floor, sections=[*floor.sections, section]) if floor.key == key else floor
        for floor in floors
    ]
