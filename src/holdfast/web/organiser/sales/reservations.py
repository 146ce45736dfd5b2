"""The reservations of an event: searching them, releasing holds, and all of them as a file."""

from dataclasses import replace
from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.release import release
from holdfast.application.identity.verbs import Verb
from holdfast.application.reports.ports import Filter, ReportedReservation
from holdfast.application.reports.reports import Reports
from holdfast.application.reports.reservation_csv import header_row
from holdfast.application.reports.reservations import event_on_report, export_reservations, list_reservations
from holdfast.domain.booking.refusals import AlreadyConfirmed, ReservationNotFound
from holdfast.domain.booking.states import ReservationStatus
from holdfast.domain.identity.principal import USER_ID_MAX
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer, Header
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.room import event_for, room_of

PAGE_RESERVATIONS = 50
REASON_MAX = 500
"""Characters in the reason for a release (contract)."""
_CSV: Header = (b"content-type", b"text/csv; charset=utf-8; header=present")
_NO_RANGES: Header = (b"accept-ranges", b"none")


async def show(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/reservations, also with `?status=`, `?buyer=` and `?after=`."""
    event = await event_for(visit, Verb.LIST_EVENT_RESERVATIONS)
    wanted = _filter_of(visit)
    after = visit.call.query_id("after")
    _, found = await list_reservations(
        visit.capability(Reports), event.id, wanted, after=after, limit=PAGE_RESERVATIONS + 1
    )
    shown = found[:PAGE_RESERVATIONS]
    return visit.render(
        "organiser/reservations.html",
        found=shown,
        following=shown[-1].reservation.id if len(found) > PAGE_RESERVATIONS else None,
        after=after,
        status_wanted="" if wanted.status is None else wanted.status.value,
        buyer=wanted.user_id or "",
        may_release=await visit.may(Verb.RELEASE, event.id),
        **await room_of(visit, event, "reservations"),
    )


async def export(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/export.csv."""
    event = await event_for(visit, Verb.LIST_EVENT_RESERVATIONS)
    _, file = await export_reservations(
        visit.capability(Reports), event.id, _filter_of(visit), after=None, header=header_row()
    )
    named = b'attachment; filename="reservations-%s.csv"' % str(event.id).encode()
    return Answer(200, b"", (_NO_RANGES, (b"content-disposition", named)), _CSV, stream=file)


async def ask_to_release(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/reservations/{reservation_id}/release: say whose seats would be free again."""
    await event_for(visit, Verb.RELEASE)
    return await _release_page(visit)


async def release_hold(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/reservations/{reservation_id}/release."""
    event = await event_for(visit, Verb.RELEASE)
    form = await visit.form()
    reason = form.text("reason")
    if len(reason) > REASON_MAX or "\0" in reason:
        raise InvalidValue("reason", f"must have at most {REASON_MAX} characters")
    try:
        await release(
            visit.capability(Booking),
            event_id=event.id,
            reservation_id=visit.path_id("reservation_id"),
            actor=visit.actor,
            organiser_id=event.organiser_id,
            reason=reason or None,
        )
    except AlreadyConfirmed:
        return await _release_page(visit, status=409)
    back = "live" if form.text("back") == "live" else "reservations"
    return visit.see_other(f"/organise/events/{event.id}/{back}", notice="released")


async def _release_page(visit: Visit, status: int = 200) -> Answer:
    event = await event_for(visit, Verb.RELEASE)
    reservation_id = visit.path_id("reservation_id")
    one = await _find(visit, event.id, reservation_id)
    return visit.render(
        "organiser/release.html",
        status=status,
        one=one,
        back=visit.query("back"),
        reason_max=REASON_MAX,
        **await room_of(visit, event, "reservations"),
    )


async def _find(visit: Visit, event_id: UUID, reservation_id: UUID) -> ReportedReservation:
    """Return one reservation of an event.

    Raises:
        ReservationNotFound: It has no such reservation.
    """
    reports = visit.capability(Reports)
    place = await reports.reservations.place_of(event_id, reservation_id)
    if place is None:
        raise ReservationNotFound(reservation_id)
    event = await event_on_report(reports, event_id)
    # The list is by version, and each reservation is made with one of its own.
    following = replace(place, version=place.version + 1)
    found = await reports.reservations.page(event, Filter(), before=following, limit=1)
    if not found or found[0].reservation.id != reservation_id:
        raise ReservationNotFound(reservation_id)
    return found[0]


def _filter_of(visit: Visit) -> Filter:
    status, buyer = visit.query("status"), visit.query("buyer")
    try:
        wanted = ReservationStatus(status) if status else None
    except ValueError:
        raise InvalidValue("status", "must be pending, confirmed or cancelled") from None
    # Guests' ids begin with a character that no user id may have, so this is more than `require_user_id` allows.
    if len(buyer) > USER_ID_MAX or "\0" in buyer:
        raise InvalidValue("buyer", f"must have at most {USER_ID_MAX} characters")
    return Filter(status=wanted, user_id=buyer or None)


PAGES = (
    Page(path="/organise/events/{event_id}/reservations", name="reservations_of_event", get=show, no_store=True),
    Page(
        path="/organise/events/{event_id}/export.csv", name="export_of_event", get=export, is_page=False, no_store=True
    ),
    Page(
        path="/organise/events/{event_id}/reservations/{reservation_id}/release",
        name="release_hold",
        get=ask_to_release,
        post=release_hold,
        no_store=True,
    ),
)
