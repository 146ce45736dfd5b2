"""Add seats to an event's chart."""

import asyncio
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from holdfast.application.catalogue import change_catalogue
from holdfast.application.desk import Desk
from holdfast.application.identifiers import uuid7_series
from holdfast.application.ports import CatalogueTransaction
from holdfast.domain.errors import EventNotFound
from holdfast.domain.seat import NewSeat, Seat, check_new_seats
from holdfast.domain.states import SeatStatus

SLICE_SEATS = 250
"""Seats that are checked and numbered between two turns of the event loop: 0.8 ms, for a reservation takes many."""


@dataclass(frozen=True, slots=True)
class SeatAddition:
    """Seats that shall be added together, with the ids they will have."""

    event_id: UUID
    seats: list[NewSeat]
    seat_ids: list[UUID]


async def number_seats(event_id: UUID, seats: list[NewSeat]) -> SeatAddition:
    """Give seats their ids, so that an answer can be prepared while they are being stored.

    Raises:
        InvalidValue: for a seat that breaks a rule, or two with one number.
    """
    seat_ids: list[UUID] = []
    new_ids = uuid7_series()
    places: dict[str, int] = {}
    for start in range(0, len(seats), SLICE_SEATS):
        some = seats[start : start + SLICE_SEATS]
        check_new_seats(some, places=places)
        seat_ids += islice(new_ids, len(some))
        await asyncio.sleep(0)
    return SeatAddition(event_id, seats, seat_ids)


async def store_seats(desk: Desk, addition: SeatAddition) -> int:
    """Store all the seats, or none; gives the event's version.

    Raises:
        EventNotFound: where there is none, or it was deleted.
        SeatsExceedTotal: where the event would have more seats than its total.
        SeatNumberTaken: naming the numbers that the event has already.
        Unavailable: see its `outcome`.
    """
    event_id, seats, seat_ids = addition.event_id, addition.seats, addition.seat_ids

    async def change(transaction: CatalogueTransaction) -> int:
        event, now = await transaction.lock_event(event_id)
        if event is None or event.deleted:
            raise EventNotFound(event_id)
        if await transaction.has_seat(event_id, seat_ids[0]):
            return event.version
        event.require_room_for(len(seats))
        return await transaction.insert_seats(event, seats, seat_ids, now)

    return await change_catalogue(desk.catalogue, change, bulk=len(seats) > 1)


async def add_seats(desk: Desk, event_id: UUID, seats: list[NewSeat]) -> tuple[list[Seat], int]:
    """Add all the seats, or none; gives them in the order given, and the event's version.

    Raises:
        Whatever `number_seats` and `store_seats` raise.
    """
    addition = await number_seats(event_id, seats)
    version = await store_seats(desk, addition)
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
