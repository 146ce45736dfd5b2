"""The hall of an event as its organiser is shown it, and the way to store another one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from msgspec import structs

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.hall_seats import HallSeats
from holdfast.application.catalogue.put_hall import put_hall
from holdfast.application.giving_way import in_steps
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.event import TOTAL_SEATS_MAX
from holdfast.domain.catalogue.refusals import (
    CategoryInUse,
    EventNotFound,
    HallInUse,
    PreconditionFailed,
    SeatNumberTaken,
    SeatsExceedTotal,
    UpgradeUnfinished,
)
from holdfast.domain.hall.document import Floor, Hall, Section, sections_in
from holdfast.domain.hall.imported import Imported
from holdfast.domain.hall.outlines import box_of, outlines_of
from holdfast.domain.hall.reading import reading_hall, write_hall
from holdfast.domain.hall.rules import checking_hall, requiring_known_categories
from holdfast.domain.hall.stored import hall_edition
from holdfast.domain.refusal import InvalidValue
from holdfast.web.kit.visit import Visit

REFUSED = (
    InvalidValue,
    CategoryInUse,
    HallInUse,
    PreconditionFailed,
    SeatNumberTaken,
    SeatsExceedTotal,
    UpgradeUnfinished,
)
"""Why a hall is not stored, where the organiser can do something about it."""


@dataclass(frozen=True, slots=True)
class OpenHall:
    """An event's hall, read."""

    hall: Hall | None
    edition: str
    categories: Sequence[CategoryDetails]

    @property
    def by_key(self) -> Mapping[str, CategoryDetails]:
        """The categories by their keys."""
        return {one.key: one for one in self.categories}


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A section in the list beside the map."""

    key: str
    name: str
    floor: str
    area: bool
    rows: int
    seats: int
    categories: Sequence[CategoryDetails]
    """Those of its seats, the most frequent one first."""


async def open_hall(visit: Visit, event_id: UUID) -> OpenHall:
    """Read the hall of an event.

    Raises:
        EventNotFound: There is no such event.
    """
    views = visit.capability(Views)
    stored = await views.halls.hall(event_id)
    found = await views.halls.categories(event_id)
    if stored is None or found is None:
        raise EventNotFound(event_id)
    hall = None
    if stored.document is not None:
        hall = await in_steps(reading_hall(stored.document.encode(), seats_max=TOTAL_SEATS_MAX))
    return OpenHall(hall, hall_edition(stored.document), [one.details for one in found[0]])


async def store_hall(
    visit: Visit, event_id: UUID, hall: Hall, *, edition: str, categories: Sequence[CategoryDetails] | None = None
) -> None:
    """Store a hall in place of one edition. If it is what is stored already, whoever sent the form clicked twice.

    Args:
        visit: By whom.
        event_id: Of which event.
        hall: The hall.
        edition: What the visitor saw when they changed it; empty for any.
        categories: All categories that the event has from then on; None: those it has.

    Raises:
        Whatever `put_hall` raises.
    """
    raw = write_hall(hall)

    async def read(known: list[CategoryDetails]) -> Imported:
        # It was made by a form, so it is checked like one that was sent.
        checked = await in_steps(reading_hall(raw))
        wanted = known if categories is None else [*categories]
        await in_steps(requiring_known_categories(checked, {one.key for one in wanted}))
        return Imported(checked, wanted)

    catalogue = visit.capability(Catalogue)
    async with catalogue.bulk_line.place() as place:
        await place.turn()
        try:
            await put_hall(catalogue, event_id, read, place=place, actor=visit.actor, if_edition=edition or None)
        except PreconditionFailed:
            if not await is_stored(visit, event_id, hall):
                raise


async def is_stored(visit: Visit, event_id: UUID, hall: Hall) -> bool:
    """Tell whether an event has exactly this hall."""
    stored = await visit.capability(Views).halls.hall(event_id)
    return stored is not None and stored.document == write_hall(hall).decode()


async def check_hall(hall: Hall) -> None:
    """Check a hall that is only shown, its single seats too.

    Raises:
        InvalidValue: naming the place in the document.
    """
    await in_steps(checking_hall(hall))
    await HallSeats.of(hall)


def lines_of(opened: OpenHall) -> list[SectionLine]:
    """Return the sections of a hall in their order."""
    if opened.hall is None:
        return []
    floors = {floor.key: floor.name for floor in opened.hall.floors or ()}
    return [
        _line(section, floors.get(floor or "", ""), opened.by_key) for section, floor, _ in sections_in(opened.hall)
    ]


def with_section(hall: Hall, section: Section, *, floor: str | None, before: str | None) -> Hall:
    """Return a hall with a section more, or with another one in the place of the section with the key `before`."""
    if before is not None:
        return _replaced(hall, before, [section])
    if hall.floors:
        wanted = floor if floor in [one.key for one in hall.floors] else hall.floors[0].key
        floors = [
            structs.replace(one, sections=[*one.sections, section]) if one.key == wanted else one for one in hall.floors
        ]
        return structs.replace(hall, floors=floors)
    return structs.replace(hall, sections=[*(hall.sections or ()), section])


def without_section(hall: Hall, key: str) -> Hall | None:
    """Return a hall without a section, and without its floor if it was the only one there; None if nothing is left."""
    left = _replaced(hall, key, [])
    if left.floors is not None:
        floors = [floor for floor in left.floors if floor.sections]
        return structs.replace(left, floors=floors) if floors else None
    return left if left.sections else None


def below(hall: Hall | None) -> tuple[float, float]:
    """Return where a new section has room: in the middle, below everything else."""
    if hall is None or not sections_in(hall):
        return 0.0, 0.0
    left, _, right, bottom = box_of(hall, outlines_of(hall))
    return round((left + right) / 2), round(bottom + 40)


def _replaced(hall: Hall, key: str, by: list[Section]) -> Hall:
    def among(sections: Sequence[Section]) -> list[Section]:
        found: list[Section] = []
        for one in sections:
            found += by if one.key == key else [one]
        return found

    if hall.floors is not None:
        floors: list[Floor] = [structs.replace(one, sections=among(one.sections)) for one in hall.floors]
        return structs.replace(hall, floors=floors)
    return structs.replace(hall, sections=among(hall.sections or ()))


def _line(section: Section, floor: str, by_key: Mapping[str, CategoryDetails]) -> SectionLine:
    counts: Counter[str] = Counter()
    seats = section.capacity or 0
    if section.capacity is not None and section.category is not None:
        counts[section.category] += section.capacity
    for row in section.rows or ():
        places = row.count or len(row.numbers or ())
        missing = sum(len(one.seats) for one in row.exceptions if one.missing)
        seats += places - missing
        key = row.category or section.category
        if key is not None:
            counts[key] += places
    categories = [by_key[key] for key, _ in counts.most_common() if key in by_key]
    return SectionLine(
        key=section.key,
        name=section.name,
        floor=floor,
        area=section.capacity is not None,
        rows=len(section.rows or ()),
        seats=seats,
        categories=categories,
    )
