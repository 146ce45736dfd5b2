"""Reading seats over HTTP: lists, counts, one seat."""

from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from holdfast.api import examples
from holdfast.api.identity.admission import caller_of
from holdfast.api.paging import BASE
from holdfast.api.representation import REVALIDATE, VARY, represent, state_tag, unchanged
from holdfast.api.seats.standing import seat_map_of, standing_of
from holdfast.application.giving_way import give_way
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.seat_list import SeatList
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.views import Views
from holdfast.domain.booking.seat import Seat
from holdfast.domain.booking.states import SeatStatus
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound, SeatNotFound
from holdfast.http.endpoints.answer import Answer, event_version, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, QueryParameter, Success

PAGES_PER_TURN = 4
"""Pages of a list encoded between two turns of the event loop: less than a millisecond."""


class SeatBody(Struct, kw_only=True):
    """A seat. `price` is its own or what its category costs now; `category` is that category's key.

    `reserved_by` is the reservation's id, and is left out while the seat is available. `blocked` is true for a seat
    that is free but kept back by a channel, and left out for all others. Such a seat reads as reserved, without
    `reserved_by`.
    """

    id: UUID
    event_id: UUID
    seat_number: str
    section: str | UnsetType = UNSET
    row: str | UnsetType = UNSET
    status: SeatStatus
    price: int
    category: str | UnsetType = UNSET
    reserved_by: UUID | UnsetType = UNSET
    blocked: bool | UnsetType = UNSET


class CountBody(Struct, kw_only=True):
    """The number of available seats of an event."""

    count: int


async def find_all(views: Views, call: Call) -> Answer:
    """GET /events/{event_id}/seats."""
    event_id = call.path_id("event_id")
    available_only = call.query().get("available") == "true"
    name = "available" if available_only else "seats"
    standing = await standing_of(views, event_id)
    known = unchanged(call, state_tag(name, standing), version=standing.version)
    if known is not None:
        return known
    seat_map = await seat_map_of(views, event_id, standing, lists=True)
    while (seat_list := await _written_list(seat_map)) is None:
        if not views.seat_maps.keeps_list(seat_map.seats):
            return _large_list(views, seat_map, name, available_only=available_only)
        seat_map = await seat_map_of(views, event_id, None, lists=True)
    pieces = seat_list.pieces(available_only=available_only)
    kept = (seat_map.answers, seat_map.mark)
    return await represent(call, pieces, tag=state_tag(name, seat_map), version=seat_map.version, kept=kept)


async def count_available(views: Views, call: Call) -> Answer:
    """GET /events/{event_id}/seats/available/count."""
    standing = await standing_of(views, call.path_id("event_id"))
    body = b'{"count":%d}' % standing.available
    return await represent(call, body, tag=state_tag("count", standing), version=standing.version)


async def find(views: Views, call: Call) -> Answer:
    """GET /seats/{id}."""
    seat_id = call.path_id("id")
    found = await views.reads.seat(seat_id)
    if found is None:
        raise SeatNotFound(seat_id)
    seat = found.seat
    try:
        await caller_of(call).look_at_event(Verb.GET_SEAT, seat.event_id)
    except EventNotFound:
        raise SeatNotFound(seat_id) from None
    if found.archived:
        raise EventArchived(seat.event_id).at(found.version)
    body = seat_body(seat)
    if seat.reserved_by is not None and not await caller_of(call).may(Verb.SEE_HOLDERS, seat.event_id):
        body.reserved_by = UNSET
    return json_answer(200, body, event_version(found.version))


async def _written_list(seat_map: SeatMap) -> SeatList | None:
    """Encode the changed pages of a map's list, and return the list.

    Return None if the map has no list, or if seats have been added in the meantime that must not be shown yet.
    """
    seat_list = seat_map.list
    if seat_list is None:
        return None
    pages = seat_list.unwritten()
    for start in range(0, len(pages), PAGES_PER_TURN):
        if start:
            await give_way()
        seat_list.write(pages[start : start + PAGES_PER_TURN], seat_map.write)
    if seat_map.grown_until is not None:
        return None
    seat_list.write(seat_list.unwritten(), seat_map.write)
    return seat_list


def _large_list(views: Views, seat_map: SeatMap, name: str, *, available_only: bool) -> Answer:
    """List the seats of an event whose list is too large to keep in memory."""
    stream = views.large_lists.open(seat_map, available_only=available_only)
    headers = (event_version(seat_map.version), (b"etag", state_tag(name, seat_map)), VARY, REVALIDATE)
    return Answer(200, b"", headers, stream=stream)


def seat_body(seat: Seat) -> SeatBody:
    """Convert a seat to its form in the contract."""
    return SeatBody(
        id=seat.id,
        event_id=seat.event_id,
        seat_number=seat.seat_number,
        section=UNSET if seat.section is None else seat.section,
        row=UNSET if seat.row is None else seat.row,
        status=seat.status,
        price=seat.price,
        category=UNSET if seat.category is None else seat.category,
        reserved_by=UNSET if seat.reserved_by is None else seat.reserved_by,
        blocked=True if seat.blocked else UNSET,
    )


_AVAILABLE = QueryParameter("available", "`true` lists only available seats; any other value is ignored.", "true")


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=f"{BASE}/events/{{event_id}}/seats",
        name="list_seats",
        tag="seats",
        summary="List an event's seats by number, in code-point order",
        needs=Views,
        handler=find_all,
        query=(_AVAILABLE,),
        success=Success(
            status=200,
            description="All seats, or the available ones.",
            body=list[SeatBody],
            event_version=True,
            example=[examples.SEAT],
        ),
        refusals=(EventNotFound, EventArchived),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/events/{{event_id}}/seats/available/count",
        name="count_available_seats",
        tag="seats",
        summary="Count the available seats",
        needs=Views,
        handler=count_available,
        success=Success(status=200, description="The count.", body=CountBody, event_version=True),
        refusals=(EventNotFound, EventArchived),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/seats/{{id}}",
        name="get_seat",
        tag="seats",
        summary="Show a seat",
        needs=Views,
        handler=find,
        success=Success(status=200, description="The seat.", body=SeatBody, event_version=True),
        refusals=(SeatNotFound, EventArchived),
    ),
)
