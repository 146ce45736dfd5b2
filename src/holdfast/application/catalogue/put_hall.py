"""Replace the hall of an event, or add a section to it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.bulk_line import Place
from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.hall_seats import (
    HallSeats,
    HallSlice,
    StoredSeat,
    accessible_ids,
    values_of,
)
from holdfast.application.catalogue.ports import CatalogueTransaction, HallChange
from holdfast.application.failures import Contended
from holdfast.application.giving_way import give_way
from holdfast.application.identifiers import CellIds
from holdfast.domain.catalogue.categories import Category, CategoryDetails, numbered
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import EventNotFound, HallInUse, PreconditionFailed, UpgradeUnfinished
from holdfast.domain.hall.imported import Imported
from holdfast.domain.hall.reading import write_hall
from holdfast.domain.hall.sections import SectionSummary, sections_of
from holdfast.domain.hall.stored import hall_edition
from holdfast.domain.identity.audit import Actor

ATTEMPTS_MAX = 3
"""How often a document is read again because the event's categories have changed in the meantime."""

Read: TypeAlias = Callable[[list[CategoryDetails]], Awaitable[Imported]]
"""Reads the document of a request, given the categories that the event has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HallPut:
    """What came of it."""

    seats: int
    """How many seats the event has now."""
    added: int
    removed: int
    chart_version: int
    version: int
    """The event's."""


async def put_hall(
    catalogue: Catalogue,
    event_id: UUID,
    read: Read,
    *,
    place: Place | None = None,
    actor: Actor | None = None,
    if_edition: str | None = None,
) -> HallPut:
    """Replace the hall of an event with a document's: all of it, or nothing.

    Seats that stay, by their number, keep their ids. Once any seat was held, a document is stored only if it leaves
    the existing seats as they are.

    Args:
        catalogue: Where.
        event_id: Which event.
        read: Reads the document.
        place: The call's place in the line of bulk calls, whose turn has come.
        actor: Who replaces it, for the audit; None: Holdfast itself.
        if_edition: The edition (`hall_edition`) that may be replaced; None for any.

    Raises:
        InvalidValue: naming the place in the document.
        EventNotFound: if there is no such event, or it was deleted.
        PreconditionFailed: if the hall is of another edition. That is decided under the event's lock.
        SeatsExceedTotal: if the hall has more seats than the event's total allows.
        HallInUse: if seats were held, and existing ones would be changed or removed.
        UpgradeUnfinished: if nodes of an older version may be running.
        Contended: if the event's categories change all the time.
        Unavailable: see its `outcome`.
    """
    for _ in range(ATTEMPTS_MAX):
        known = await catalogue.reads.halls.categories(event_id)
        if known is None:
            raise EventNotFound(event_id)
        imported = await read([one.details for one in known[0]])
        seats = await HallSeats.of(imported.hall)
        putting = _Putting(
            known=known[0],
            imported=imported,
            seats=seats,
            document=write_hall(imported.hall).decode(),
            sections=sections_of(imported.hall),
            actor=actor,
            if_edition=if_edition,
            ids=catalogue.ids,
        )
        storing = catalogue.begin_change(event_id, putting.change, bulk=True)
        if place is not None:
            place.keep_until(storing.task)
        done = await storing.result()
        if done is not None:
            return done
    raise Contended(f"the categories of event {event_id} change all the time")


@dataclass(frozen=True, slots=True)
class _Putting:
    """A hall that is being put, as read with the categories that were known then."""

    known: Sequence[Category]
    imported: Imported
    seats: HallSeats
    document: str
    sections: Sequence[SectionSummary]
    actor: Actor | None
    if_edition: str | None
    ids: CellIds

    async def change(self, transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[HallPut | None]:
        """Store it. None if the categories are others by now, so that the document has to be read again."""
        await require_halls(transaction)
        if self.if_edition is not None and self.if_edition != hall_edition(await transaction.halls.document(event.id)):
            raise PreconditionFailed().at(event.version)
        before = await transaction.halls.categories(event.id)
        if before != self.known:
            return Written(event.version, now, None)
        event.require_total_of(self.seats.count)
        after = numbered(self.imported.categories, before=before)
        wanted = HallChange(
            document=self.document,
            sections=self.sections,
            slices=[],
            added=0,
            removed=0,
            replaces=False,
            category_numbers={one.key: one.number for one in after},
            companion_ids={},
            categories=None if after == before else after,
        )
        filled = await self._filled(transaction, event, wanted)
        if filled is None:
            chart_version = await transaction.halls.chart_version(event.id)
            same = HallPut(seats=event.seats, added=0, removed=0, chart_version=chart_version, version=event.version)
            return Written(event.version, now, same)
        version, chart_version = await transaction.halls.change_hall(event, filled, now)
        seats = event.seats + filled.added - filled.removed
        if self.actor is not None:
            changed = {"seats": seats, "added": filled.added, "removed": filled.removed}
            prices = {} if filled.categories is None else {"prices": {one.key: one.price for one in after}}
            entry = entry_of(self.ids, self.actor, "put_hall", event.id, event.organiser_id, **changed, **prices)
            await transaction.append_audit(entry, now)
        put = HallPut(
            seats=seats, added=filled.added, removed=filled.removed, chart_version=chart_version, version=version
        )
        return Written(version, now, put)

    async def _filled(self, transaction: CatalogueTransaction, event: Event, wanted: HallChange) -> HallChange | None:
        """Add the seats to what is wanted; None if the event has exactly this hall already."""
        stored = await transaction.halls.seats(event.id) if event.seats else {}
        if stored and await transaction.halls.was_ever_held(event):
            slices, companion_ids = await _additions(self.seats, stored, wanted.category_numbers, self.ids.series())
            added = self.seats.count - len(stored)
            same = added == 0 and wanted.categories is None
            if same and await transaction.halls.document(event.id) == self.document:
                return None
            return replace(wanted, slices=slices, added=added, companion_ids=companion_ids)
        ids = {number: seat.id for number, seat in stored.items()}
        slices = await self.seats.with_ids(ids, self.ids.series())
        stay = sum(number in ids for one in slices for number in one.seats.seat_numbers) if ids else 0
        return replace(
            wanted,
            slices=slices,
            added=self.seats.count - stay,
            removed=len(stored) - stay,
            replaces=bool(stored),
            companion_ids=accessible_ids(slices),
        )


async def _additions(
    seats: HallSeats, stored: Mapping[str, StoredSeat], category_numbers: Mapping[str, int], new_ids: Iterator[UUID]
) -> tuple[list[HallSlice], dict[str, UUID]]:
    """Give ids to the seats that are not stored yet, and the ids of accessible seats by their numbers.

    Raises:
        HallInUse: if a stored seat is not among them, or is not as it is stored.
    """
    slices = await seats.with_ids({number: seat.id for number, seat in stored.items()}, new_ids)
    companion_ids = accessible_ids(slices)
    additions: list[HallSlice] = []
    changed: list[str] = []
    stay = 0
    for one in slices:
        values = values_of(one.seats, category_numbers=category_numbers, companion_ids=companion_ids)
        before = [stored.get(number) for number in one.seats.seat_numbers]
        stay += len(before) - before.count(None)
        changed += [
            number
            for number, known, new in zip(one.seats.seat_numbers, before, values, strict=True)
            if known is not None and known.values != new
        ]
        ids = [seat_id if known is None else None for seat_id, known in zip(one.ids, before, strict=True)]
        additions.append(HallSlice(one.seats, ids))
        await give_way()
    removed = len(stored) - stay
    if removed or changed:
        raise HallInUse(
            removed=removed, changed=len(changed), seat_number=changed[0] if changed else _gone(seats, stored)
        )
    return additions, companion_ids


def _gone(seats: HallSeats, stored: Mapping[str, StoredSeat]) -> str:
    """Return the number of a stored seat that a document does not have."""
    left = {number for one in seats.slices for number in one.seat_numbers}
    return min(stored.keys() - left)


async def require_halls(transaction: CatalogueTransaction) -> None:
    """Refuse halls while nodes of an older version may be running.

    Raises:
        UpgradeUnfinished: if there may be some.
    """
    if not await transaction.feature_is_on("halls"):
        raise UpgradeUnfinished("hall")
