"""The tickets of a reservation, one for each seat, to show on a phone or to print."""

from dataclasses import dataclass

from markupsafe import Markup

from holdfast.application.reading.storefront.storefront import Storefront
from holdfast.application.tickets.codes import TicketCode, codes_of
from holdfast.application.tickets.tickets import Tickets
from holdfast.domain.booking.refusals import ReservationNotFound
from holdfast.domain.booking.states import ReservationStatus
from holdfast.http.endpoints.answer import Answer
from holdfast.web.buyer.event_view import EventView
from holdfast.web.buyer.reservation import held_by, view_of
from holdfast.web.kit.page import Page
from holdfast.web.kit.qr import qr_svg
from holdfast.web.kit.visit import Visit

PAGE_TICKETS = 5
"""Tickets on one page: each has about 2 KB, compressed."""


@dataclass(frozen=True, slots=True)
class ShownTicket:
    """A ticket and its picture."""

    place: int
    ticket: TicketCode
    number: str
    """What is printed on the seat; empty for a place without a number."""
    remarks: tuple[str, ...]
    picture: Markup


async def show(visit: Visit) -> Answer:
    """GET /reservations/{reservation_id}/ticket."""
    reservation = (await held_by(visit, visit.path_id("reservation_id"))).reservation
    if reservation.status is not ReservationStatus.CONFIRMED:
        return visit.see_other(f"/reservations/{reservation.id}")
    event = await visit.capability(Storefront).reads.booked_event(reservation.event_id)
    if event is None:
        raise ReservationNotFound(reservation.id)
    codes = await codes_of(visit.capability(Tickets), reservation)
    text = visit.query("from")
    first = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
    view = await view_of(visit, event)
    shown = [
        await _shown(visit, view, first + at + 1, ticket)
        for at, ticket in enumerate(codes[first : first + PAGE_TICKETS])
    ]
    return visit.render(
        "buyer/ticket.html",
        reservation=reservation,
        event=event.details,
        tickets=shown,
        count=len(codes),
        previous=max(0, first - PAGE_TICKETS) if first else None,
        following=first + PAGE_TICKETS if first + PAGE_TICKETS < len(codes) else None,
    )


async def _shown(visit: Visit, view: EventView | None, place: int, ticket: TicketCode) -> ShownTicket:
    picture = await qr_svg(ticket.code, visit.words.gettext("Ticket to scan"))
    names = [] if view is None else view.hall.named([ticket.seat_id])
    if view is None or not names:
        return ShownTicket(place, ticket, ticket.number, (), picture)
    name = names[0]
    return ShownTicket(place, ticket, "" if name.area else name.number, view.shown(name).remarks, picture)


PAGES = (Page(path="/reservations/{reservation_id}/ticket", name="ticket", get=show),)
