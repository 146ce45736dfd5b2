"""Gives a hold other seats."""

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.change_seats import change_seats
from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints.answer import Answer
from holdfast.web.buyer.event_view import event_view
from holdfast.web.buyer.hold import page_sent_from, seats_of
from holdfast.web.buyer.reservation import back, held_by
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit


async def change(visit: Visit) -> Answer:
    """POST /reservations/{reservation_id}/change: the same request again finds the seats as it wants them."""
    held = await held_by(visit, visit.path_id("reservation_id"))
    reservation = held.reservation
    form = await visit.form()
    wanted = seats_of(form)
    try:
        await change_seats(
            visit.capability(Booking), reservation_id=reservation.id, user_id=held.user_id, seat_ids=wanted
        )
    except Refusal as refusal:
        view = await event_view(visit, reservation.event_id)
        live = next((one for one in view.mine if one.id == reservation.id), None)
        return page_sent_from(view, form, refusal, wanted, changes=live)
    return visit.see_other(f"/reservations/{reservation.id}", notice="changed")


PAGES = (Page(path="/reservations/{reservation_id}/change", name="change_hold", get=back, post=change, is_page=False),)
