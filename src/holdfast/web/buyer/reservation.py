"""The page of one reservation: how long it holds, and what can be done with it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.cancel import cancel as cancel_reservation
from holdfast.application.booking.confirm import confirm as confirm_reservation
from holdfast.application.booking.extend import extend as extend_hold
from holdfast.application.reading.storefront.ports import EventOnSale
from holdfast.application.reading.storefront.storefront import Storefront
from holdfast.application.reading.views import Views
from holdfast.domain.booking import refusals
from holdfast.domain.booking.refusals import ReservationNotFound
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.states import CancelReason, ReservationStatus
from holdfast.domain.catalogue.event import Confirmation, Event
from holdfast.domain.catalogue.refusals import UpgradeUnfinished
from holdfast.domain.refusal import InvalidValue, Refusal
from holdfast.http.endpoints.answer import Answer
from holdfast.web.buyer.event_view import EventView, ShownSeat
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit


@dataclass(frozen=True, slots=True)
class Held:
    """A reservation of the visitor, with the user id under which they made it."""

    reservation: Reservation
    user_id: str


async def held_by(visit: Visit, reservation_id: UUID) -> Held:
    """Return a reservation of the visitor.

    Raises:
        ReservationNotFound: They have no such reservation.
        EventArchived: They have, and it is in the archive of its event.
    """
    visit.call.reservation_id = reservation_id
    known = visit.visitor.guest_secret is not None or visit.signed_in_as is not None
    buyer_ids = visit.buyer_ids if known else ()
    found = await visit.capability(Views).reservation(reservation_id, buyer_ids)
    visit.keep_guest()
    return Held(found.reservation, found.user_id)


async def show(visit: Visit) -> Answer:
    """GET /reservations/{reservation_id}."""
    return await _page(visit, (await held_by(visit, visit.path_id("reservation_id"))).reservation)


async def confirm(visit: Visit) -> Answer:
    """POST /reservations/{reservation_id}/confirm."""
    held = await held_by(visit, visit.path_id("reservation_id"))
    try:
        await confirm_reservation(
            visit.capability(Booking), reservation_id=held.reservation.id, user_id=held.user_id, by_seller=False
        )
    except Refusal as refusal:
        return await _refused(visit, held, refusal)
    return visit.see_other(f"/reservations/{held.reservation.id}", notice="booked")


async def extend(visit: Visit) -> Answer:
    """POST /reservations/{reservation_id}/extend: with the end that the page has shown, so that twice is once."""
    held = await held_by(visit, visit.path_id("reservation_id"))
    known_expires_at = _time((await visit.form()).text("expires_at"))
    try:
        await extend_hold(
            visit.capability(Booking),
            reservation_id=held.reservation.id,
            user_id=held.user_id,
            known_expires_at=known_expires_at,
        )
    except Refusal as refusal:
        return await _refused(visit, held, refusal)
    return visit.see_other(f"/reservations/{held.reservation.id}", notice="extended")


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise InvalidValue("expires_at", "must be the end that the page has shown")
    return time


async def cancel(visit: Visit) -> Answer:
    """POST /reservations/{reservation_id}/cancel."""
    held = await held_by(visit, visit.path_id("reservation_id"))
    try:
        await cancel_reservation(visit.capability(Booking), reservation_id=held.reservation.id, user_id=held.user_id)
    except Refusal as refusal:
        return await _refused(visit, held, refusal)
    return visit.see_other(f"/reservations/{held.reservation.id}")


async def back(visit: Visit) -> Answer:
    """GET of an address to which forms are sent."""
    return visit.see_other(f"/reservations/{visit.path_id('reservation_id')}")


async def _refused(visit: Visit, held: Held, refusal: Refusal) -> Answer:
    """Show the reservation as it is now, with the reason. One that has ended says so itself."""
    status = visit.site.problems.row(type(refusal)).status
    now = (await held_by(visit, held.reservation.id)).reservation
    return await _page(visit, now, status=status, refusal=refusal)


async def _page(visit: Visit, reservation: Reservation, *, status: int = 200, refusal: Refusal | None = None) -> Answer:
    storefront = visit.capability(Storefront)
    event = await storefront.reads.booked_event(reservation.event_id)
    if event is None:
        raise ReservationNotFound(reservation.id)
    view = await view_of(visit, event)
    seats = [] if view is None else view.shown_by_id(reservation.seat_ids)
    pending = reservation.status is ReservationStatus.PENDING
    return visit.render(
        "buyer/reservation.html",
        status=status,
        code=None if refusal is None else refusal.code,
        reservation=reservation,
        event=event.details,
        event_id=event.id,
        deleted=event.deleted,
        seats=list(zip(seats, _prices(reservation, seats), strict=True)),
        total=reservation.total_amount,
        ReservationStatus=ReservationStatus,
        CancelReason=CancelReason,
        advice="" if refusal is None else advice_of(visit, refusal),
        seller_confirms=event.details.confirmation is Confirmation.SELLER,
        extensions_left=max(0, storefront.terms.extensions_max - reservation.extensions) if pending else 0,
        again=again(reservation, seats, view),
        key=uuid4().hex,
    )


async def view_of(visit: Visit, event: Event) -> EventView | None:
    """Return what is known of an event's seats, also of one that is not published any more; None if it is deleted."""
    storefront = visit.capability(Storefront)
    hall = None if event.deleted else await storefront.hall(event.id)
    if hall is None:
        return None
    on_sale = await storefront.event(event.id)
    if on_sale is None:
        on_sale = EventOnSale(event, (), takes_codes=False, read_at=event.updated_at)
    return EventView(visit, on_sale, hall, (), storefront.terms)


def _prices(reservation: Reservation, seats: list[ShownSeat]) -> list[int | None]:
    """Return what was agreed for each seat; reservations made before prices were kept cost what the seats cost."""
    if reservation.prices is None:
        return [seat.price for seat in seats]
    agreed = dict(zip(reservation.seat_ids, reservation.prices, strict=True))
    return [agreed[seat.id] for seat in seats]


@dataclass(frozen=True, slots=True)
class Again:
    """How the seats of a hold that has ended can be held once more."""

    seat_ids: tuple[UUID, ...]
    area: str
    """The key of the area, if they are places without numbers."""
    gone: int
    """Seats that somebody else has now."""


def again(reservation: Reservation, seats: list[ShownSeat], view: EventView | None) -> Again | None:
    """Return what of a cancelled hold can be held again; None if there is nothing."""
    if view is None or not seats or not view.is_open or reservation.status is not ReservationStatus.CANCELLED:
        return None
    if seats[0].area:
        names = view.hall.named(reservation.seat_ids[:1])
        return Again((), names[0].section_key or "", 0)
    free = tuple(seat.id for seat in seats if seat.free)
    return Again(free, "", len(seats) - len(free)) if free else None


def advice_of(visit: Visit, refusal: Refusal) -> str:
    """Return what a buyer can do whose reservation cannot be changed as they wanted."""
    _ = visit.words.gettext
    return {
        refusals.SellerConfirms: _("The organiser confirms this booking, for example once it is paid for."),
        refusals.ExtensionLimitReached: _("This hold cannot be extended any more. Please confirm it in time."),
        refusals.HoldChanged: _("The hold ends earlier than your page showed. The time below is right."),
        refusals.AlreadyConfirmed: _("This is booked already, so it cannot be changed here. Ask the organiser."),
        refusals.BookingClosed: _("Booking for this event has closed, so seats cannot be changed any more."),
        UpgradeUnfinished: _("The system is being updated. Your seats stay held; confirm them, or try again later."),
    }.get(type(refusal), "")


_ONE = "/reservations/{reservation_id}"
PAGES = (
    Page(path=_ONE, name="reservation", get=show),
    Page(path=f"{_ONE}/confirm", name="confirm", get=back, post=confirm, is_page=False),
    Page(path=f"{_ONE}/extend", name="extend", get=back, post=extend, is_page=False),
    Page(path=f"{_ONE}/cancel", name="cancel", get=back, post=cancel, is_page=False),
)
