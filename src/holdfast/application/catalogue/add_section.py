"""Add a section to the hall of an event."""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.bulk_line import Place
from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.hall_seats import HallSeats, accessible_ids
from holdfast.application.catalogue.ports import CatalogueTransaction, HallChange
from holdfast.application.catalogue.put_hall import ATTEMPTS_MAX, HallPut, require_halls
from holdfast.application.failures import Contended
from holdfast.application.giving_way import in_steps
from holdfast.application.identifiers import CellIds
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.domain.hall.document import Hall
from holdfast.domain.hall.reading import write_hall
from holdfast.domain.hall.rules import requiring_known_categories
from holdfast.domain.hall.sections import sections_of
from holdfast.domain.identity.audit import Actor
from holdfast.domain.refusal import InvalidValue


@dataclass(frozen=True, slots=True)
class Grown:
    """A hall with one section more."""

    whole: Hall
    alone: Hall
    """Only the new section."""


async def add_section(
    catalogue: Catalogue,
    event_id: UUID,
    grow: Callable[[str | None], Awaitable[Grown]],
    *,
    place: Place,
    actor: Actor,
) -> HallPut:
    """Add a section with its seats to the hall of an event: all of it, or nothing.

    Args:
        catalogue: Where.
        event_id: Which event.
        grow: Adds the section to the stored document, if there is one.
        place: The call's place in the line of bulk calls, whose turn has come.
        actor: Who adds it, for the audit.

    Raises:
        InvalidValue: naming the place in the section.
        EventNotFound: if there is no such event, or it was deleted.
        SeatsExceedTotal: if the event would have more seats than its total allows.
        SeatNumberTaken: naming the seat numbers that the event already has.
        UpgradeUnfinished: if nodes of an older version may be running.
        Contended: if the hall changes all the time.
        Unavailable: see its `outcome`.
    """
    for _ in range(ATTEMPTS_MAX):
        stored = await catalogue.reads.halls.hall(event_id)
        if stored is None:
            raise EventNotFound(event_id)
        grown = await grow(stored.document)
        with _places_in_section():
            seats = await HallSeats.of(grown.alone)
        adding = _Adding(stored.chart_version, grown, seats, write_hall(grown.whole).decode(), actor, catalogue.ids)
        storing = catalogue.begin_change(event_id, adding.change, bulk=True)
        place.keep_until(storing.task)
        done = await storing.result()
        if done is not None:
            return done
    raise Contended(f"the hall of event {event_id} changes all the time")


@contextmanager
def _places_in_section() -> Iterator[None]:
    """Name places as they are in the request, which has only a section."""
    try:
        yield
    except InvalidValue as error:
        field = _SECTION.sub("", str(error.data["field"]), count=1)
        raise InvalidValue(field, str(error.data["problem"])) from None


_SECTION = re.compile(r"^(floors\[0\]\.)?sections\[0\]\.?")


@dataclass(frozen=True, slots=True)
class _Adding:
    """A section that is being added to a hall, as it was at one version of the chart."""

    chart_version: int
    grown: Grown
    seats: HallSeats
    document: str
    actor: Actor
    ids: CellIds

    async def change(self, transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[HallPut | None]:
        """Store it. None if the chart is another one by now."""
        await require_halls(transaction)
        if await transaction.halls.chart_version(event.id) != self.chart_version:
            return Written(event.version, now, None)
        event.require_room_for(self.seats.count)
        categories = await transaction.halls.categories(event.id)
        with _places_in_section():
            await in_steps(requiring_known_categories(self.grown.alone, {one.key for one in categories}))
        slices = await self.seats.with_ids({}, self.ids.series())
        change = HallChange(
            document=self.document,
            sections=sections_of(self.grown.whole),
            slices=slices,
            added=self.seats.count,
            removed=0,
            replaces=False,
            category_numbers={one.key: one.number for one in categories},
            companion_ids=accessible_ids(slices),
            categories=None,
        )
        version, chart_version = await transaction.halls.change_hall(event, change, now)
        seats = event.seats + self.seats.count
        entry = entry_of(
            self.ids, self.actor, "add_section", event.id, event.organiser_id, seats=seats, added=self.seats.count
        )
        await transaction.append_audit(entry, now)
        put = HallPut(seats=seats, added=self.seats.count, removed=0, chart_version=chart_version, version=version)
        return Written(version, now, put)
