"""Add seats to an event's chart."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.catalogue import Catalogue, UnderWay, Written
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.application.giving_way import give_way
from holdfast.application.identifiers import CellIds
from holdfast.domain.booking.seat import Seat
from holdfast.domain.booking.states import SeatStatus
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.domain.catalogue.seat import NewSeat, check_new_seats
from holdfast.domain.identity.audit import Actor

SLICE_SEATS = 250
"""Seats checked and numbered between two turns of the event loop. That takes 0.8 ms; no longer, because a reservation
needs many turns."""


@dataclass(frozen=True, slots=True)
class SeatAddition:
    """Seats to be added together, and the ids they will have."""

    event_id: UUID
    seats: list[NewSeat]
    seat_ids: list[UUID]
    other_forms: list[str]
    """Those of their numbers that are not in Unicode's normal form NFC."""


async def require_room(catalogue: Catalogue, event_id: UUID, seats: int) -> None:
    """Refuse seats early if they cannot be added, before they are built.

    The check is repeated under the event's lock, which decides.

    Raises:
        EventNotFound: if there is no such event, or it was deleted.
        EventArchived: if it was archived.
        SeatsExceedTotal: if the event would have more seats than its total allows.
    """
    event = await catalogue.reads.event(event_id)
    if event is None:
        raise EventNotFound(event_id)
    if event.archived:
        raise EventArchived(event_id).at(event.version)
    event.require_room_for(seats)


async def number_seats(ids: CellIds, event_id: UUID, seats: list[NewSeat]) -> SeatAddition:
    """Give seats their ids, so that the response can be prepared while the seats are being stored.

    Raises:
        InvalidValue: if a seat breaks a rule, or two have the same number.
    """
    seat_ids: list[UUID] = []
    new_ids = ids.series()
    places: dict[str, int] = {}
    other_forms: list[str] = []
    for start in range(0, len(seats), SLICE_SEATS):
        some = seats[start : start + SLICE_SEATS]
        check_new_seats(some, places=places, other_forms=other_forms)
        seat_ids += islice(new_ids, len(some))
        await give_way()
    return SeatAddition(event_id, seats, seat_ids, other_forms)


def begin_storing(catalogue: Catalogue, addition: SeatAddition, *, actor: Actor | None = None) -> UnderWay[int]:
    """Start storing the seats, all or none. The result is the event's version.

    Args:
        catalogue: Where.
        addition: What is added.
        actor: Who adds them, for the audit; None: Holdfast itself.

    Raises:
        EventNotFound: if there is no such event, or it was deleted.
        SeatsExceedTotal: if the event would have more seats than its total allows.
        SeatNumberTaken: naming the numbers that the event already has.
        Unavailable: see its `outcome`.
    """
    seats, seat_ids = addition.seats, addition.seat_ids

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[int]:
        event.require_room_for(len(seats))
        version = await transaction.insert_seats(event, seats, seat_ids, now, other_forms=addition.other_forms)
        if actor is not None:
            entry = entry_of(catalogue.ids, actor, "add_seats", event.id, event.organiser_id, seats=len(seats))
            await transaction.append_audit(entry, now)
        return Written(version, now, version)

    return catalogue.begin_change(addition.event_id, change, bulk=len(seats) > 1)


async def add_seats(
    catalogue: Catalogue, event_id: UUID, seats: list[NewSeat], *, actor: Actor | None = None
) -> tuple[list[Seat], int]:
    """Add the seats, all or none; return them in the order given, and the event's version.

    Raises:
        Whatever `number_seats` and `begin_storing` raise.
    """
    addition = await number_seats(catalogue.ids, event_id, seats)
    version = await begin_storing(catalogue, addition, actor=actor).result()
    pairs = zip(addition.seat_ids, seats, strict=True)
    return [_as_added(event_id, seat_id, seat) for seat_id, seat in pairs], version


def _as_added(event_id: UUID, seat_id: UUID, seat: NewSeat) -> Seat:
    return Seat(
        id=seat_id,
        event_id=event_id,
        seat_number=seat.seat_number,
        section=seat.section,
        row=seat.row,
        price=seat.price,
        status=SeatStatus.AVAILABLE,
        reserved_by=None,
    )
