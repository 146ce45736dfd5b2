"""The reservations of an event over HTTP, as a list or as a file."""

from typing import Annotated, Any

from msgspec import Meta, structs

from holdfast.api import examples
from holdfast.api.paging import BASE, LIMIT
from holdfast.api.reservation_bodies import ReservationBody, reservation_body
from holdfast.application.reports.ports import Filter, ReportedReservation
from holdfast.application.reports.reports import Reports
from holdfast.application.reports.reservation_csv import header_row
from holdfast.application.reports.reservations import export_reservations, list_reservations
from holdfast.domain.booking.states import ReservationStatus
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.domain.identity.principal import require_user_id
from holdfast.http.endpoints.answer import Answer, Header, event_version, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, QueryParameter, Success

_CSV = "text/csv"
_CSV_TYPE: Header = (b"content-type", b"text/csv; charset=utf-8; header=present")
_VARY: Header = (b"vary", b"accept, origin")
_NO_RANGES: Header = (b"accept-ranges", b"none")


class ReportedReservationBody(ReservationBody, kw_only=True):
    """A reservation as its organiser sees it."""

    seat_numbers: Annotated[
        tuple[str | None, ...], Meta(description="Of `seat_ids`, in the same order; null if a seat is gone.")
    ]
    extensions: Annotated[int, Meta(description="How often the hold was extended.")]
    beyond_limit: Annotated[bool, Meta(description="The box office made it, so the purchase limit does not apply.")]


async def find_all(reports: Reports, call: Call) -> Answer:
    """GET /events/{event_id}/reservations, as JSON or, on request, as CSV."""
    event_id = call.path_id("event_id")
    wanted = _filter_of(call)
    after = call.query_id("after")
    if _CSV.encode() in call.headers.get(b"accept", b"").lower():
        event, export = await export_reservations(reports, event_id, wanted, after=after, header=header_row())
        named = b'attachment; filename="reservations-%s.csv"' % str(event_id).encode()
        headers = (event_version(event.mark.version), _VARY, _NO_RANGES, (b"content-disposition", named))
        return Answer(200, b"", headers, _CSV_TYPE, stream=export)
    limit, _ = call.page()
    event, found = await list_reservations(reports, event_id, wanted, after=after, limit=limit)
    return json_answer(200, [_body(one) for one in found], event_version(event.mark.version), _VARY)


def _filter_of(call: Call) -> Filter:
    status, user_id = call.query_choice("status", ReservationStatus), call.query().get("user_id")
    if user_id is not None:
        require_user_id("user_id", user_id)
    return Filter(status=status, user_id=user_id)


def _body(reported: ReportedReservation) -> ReportedReservationBody:
    reservation = reported.reservation
    return ReportedReservationBody(
        **structs.asdict(reservation_body(reservation)),
        seat_numbers=tuple(reported.seat_numbers),
        extensions=reservation.extensions,
        beyond_limit=reservation.beyond_limit,
    )


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=f"{BASE}/events/{{event_id}}/reservations",
        name="list_event_reservations",
        tag="reports",
        summary="List an event's reservations, newest first, for its organiser and box office",
        description=(
            "A hold that has run out is shown, and filtered, as cancelled. With `Accept: text/csv`, all reservations "
            "that were made up to `Event-Version` are sent as a file, whatever `limit` says, each as it was when its "
            "row was read. A file that was cut off has no end (the last chunk is missing); `after` with the last whole "
            "row's id continues it."
        ),
        needs=Reports,
        handler=find_all,
        query=(
            QueryParameter(
                "status",
                "List only reservations in this status.",
                "confirmed",
                values=tuple(ReservationStatus),
            ),
            QueryParameter("user_id", "List only the reservations of this buyer.", "buyer-42"),
            QueryParameter(
                "after",
                "The id of the last reservation of the page before; the list continues after it.",
                examples.RESERVATION_ID,
                is_id=True,
            ),
            LIMIT,
        ),
        success=Success(
            status=200,
            description="The reservations.",
            body=list[ReportedReservationBody],
            event_version=True,
            example=[examples.REPORTED_RESERVATION],
            other_media_types=(_CSV,),
        ),
        refusals=(EventNotFound, EventArchived),
    ),
)
