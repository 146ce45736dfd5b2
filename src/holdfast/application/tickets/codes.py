"""The codes of a reservation's tickets."""

from dataclasses import dataclass, field
from uuid import UUID

from holdfast.application.giving_way import give_way
from holdfast.application.tickets.key_ring import Signer
from holdfast.application.tickets.ports import SeatOfTicket
from holdfast.application.tickets.tickets import Tickets
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.states import ReservationStatus
from holdfast.domain.tickets.code import code_of
from holdfast.domain.tickets.refusals import TicketsNotIssued
from holdfast.domain.tickets.signed import SignedTicket, message_of
from holdfast.domain.tickets.ticket import Ticket

_PER_TURN = 8
"""Tickets that are signed between two turns of the event loop, in less than half a millisecond."""


@dataclass(frozen=True, slots=True)
class TicketCode:
    """The ticket for one seat."""

    seat_id: UUID
    section: str | None
    row: str | None
    number: str
    code: str = field(repr=False)


async def codes_of(tickets: Tickets, reservation: Reservation) -> list[TicketCode]:
    """Return the tickets of a reservation, in the order of its seats.

    Args:
        tickets: The capability of this process.
        reservation: A reservation that the caller may see, as it was just read for them.

    Raises:
        TicketsNotIssued: It is not confirmed.
        ConnectionLost, Contended: Its seats or the keys could not be read.
    """
    if reservation.status is not ReservationStatus.CONFIRMED:
        raise TicketsNotIssued(reservation.id, reservation.status)
    found = await tickets.seats.seats(reservation.event_id, reservation.seat_ids)
    by_id = {seat.id: seat for seat in found}
    signer = await tickets.key_ring.signer()
    codes: list[TicketCode] = []
    for count, seat_id in enumerate(reservation.seat_ids):
        if count and count % _PER_TURN == 0:
            await give_way()
        codes.append(_code(reservation, by_id[seat_id], signer))
    return codes


def _code(reservation: Reservation, seat: SeatOfTicket, signer: Signer) -> TicketCode:
    ticket = Ticket(
        event_id=reservation.event_id, reservation_id=reservation.id, seat_id=seat.id, seat_number=seat.number
    )
    signature = signer.sign(message_of(ticket, signer.key_id))
    code = code_of(SignedTicket(ticket=ticket, key_id=signer.key_id, signature=signature))
    return TicketCode(seat.id, seat.section, seat.row, seat.number, code)
