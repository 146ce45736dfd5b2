"""The visitor's reservations: what they hold, what they have bought, and what has ended."""

from holdfast.application.reading.storefront.storefront import Storefront
from holdfast.domain.booking.states import ReservationStatus
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit

PAGE_RESERVATIONS = 20
_PAGES_MAX = 500


async def show(visit: Visit) -> Answer:
    """GET /reservations: of the guest and of who has signed in."""
    text = visit.query("page")
    number = min(int(text), _PAGES_MAX) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
    known = visit.visitor.guest_secret is not None or visit.signed_in_as is not None
    booked = []
    if known:
        reads = visit.capability(Storefront).reads
        offset = (max(1, number) - 1) * PAGE_RESERVATIONS
        booked = await reads.booked(visit.buyer_ids, limit=PAGE_RESERVATIONS + 1, offset=offset)
    more = len(booked) > PAGE_RESERVATIONS
    shown = booked[:PAGE_RESERVATIONS]
    by_status = {status: [one for one in shown if one.reservation.status is status] for status in ReservationStatus}
    return visit.render(
        "buyer/reservations.html",
        held=by_status[ReservationStatus.PENDING],
        bought=by_status[ReservationStatus.CONFIRMED],
        ended=by_status[ReservationStatus.CANCELLED],
        number=number,
        more=more,
    )


PAGES = (Page(path="/reservations", name="reservations", get=show, lists_all=True),)
