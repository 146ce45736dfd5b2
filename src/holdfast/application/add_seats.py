"""Add seats to an event's chart."""

from uuid import UUID

from holdfast.application.catalogue import change_catalogue
from holdfast.application.desk import Desk
from holdfast.application.identifiers import uuid7s
from holdfast.application.ports import CatalogueTransaction
from holdfast.domain.errors import EventNotFound
from holdfast.domain.seat import NewSeat, Seat, check_new_seats
from holdfast.domain.states import SeatStatus


async def add_seats(desk: Desk, event_id: UUID, seats: list[NewSeat]) -> tuple[list[Seat], int]:
    """Add all the seats, or none; gives them in the order given, and the event's version.

    Raises:
        InvalidValue: for a seat that breaks a rule, or two with one number.
        EventNotFound: where there is none, or it was deleted.
        SeatsExceedTotal: where the event would have more seats than its total.
        SeatNumberTaken: naming the numbers that the event has already.
        Unavailable: see its `outcome`.
    """
    check_new_seats(seats)
    seat_ids = uuid7s(len(seats))

    async def change(transaction: CatalogueTransaction) -> int:
        event, now = await transaction.lock_event(event_id)
        if event is None or event.deleted:
            raise EventNotFound(event_id)
        if await transaction.has_seat(event_id, seat_ids[0]):
            return event.version
        event.require_room_for(len(seats))
        return await transaction.insert_seats(event, seats, seat_ids, now)

    version = await change_catalogue(desk.catalogue, change, bulk=len(seats) > 1)
    return [_as_added(event_id, seat_id, seat) for seat_id, seat in zip(seat_ids, seats, strict=True)], version


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
