"""How seats are read over HTTP: lists and counts, out of what the process keeps of hot events."""

from uuid import UUID

from holdfast.api.answer import Answer, event_version
from holdfast.api.call import Call
from holdfast.api.representation import REVALIDATE, VARY, represent, state_tag, unchanged
from holdfast.application.desk import Desk
from holdfast.application.giving_way import give_way
from holdfast.application.reading.seat_list import SeatList
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Standing
from holdfast.domain.errors import EventNotFound

PAGES_PER_TURN = 4
"""Pages of a list that are written between two turns of the event loop: less than a millisecond."""


async def find_all(desk: Desk, call: Call) -> Answer:
    """GET /events/{event_id}/seats."""
    event_id = call.path_id("event_id")
    available_only = call.query().get("available") == "true"
    name = "available" if available_only else "seats"
    standing = await standing_of(desk, event_id)
    known = unchanged(call, state_tag(name, standing), version=standing.version)
    if known is not None:
        return known
    seat_map = await seat_map_of(desk, event_id, standing, lists=True)
    while (seat_list := await _written_list(seat_map)) is None:
        if not desk.seat_maps.keeps_list(seat_map.seats):
            return _large_list(desk, seat_map, name, available_only=available_only)
        seat_map = await seat_map_of(desk, event_id, None, lists=True)
    pieces = seat_list.pieces(available_only=available_only)
    kept = (seat_map.answers, seat_map.mark)
    return await represent(call, pieces, tag=state_tag(name, seat_map), version=seat_map.version, kept=kept)


async def count_available(desk: Desk, call: Call) -> Answer:
    """GET /events/{event_id}/seats/available/count."""
    standing = await standing_of(desk, call.path_id("event_id"))
    body = b'{"count":%d}' % standing.available
    return await represent(call, body, tag=state_tag("count", standing), version=standing.version)


async def standing_of(desk: Desk, event_id: UUID) -> SeatMap | Standing:
    """Tell how an event stands, no older than this call.

    Raises:
        EventNotFound: where there is none.
    """
    standing = await desk.seat_maps.standing(event_id)
    if standing is None:
        raise EventNotFound(event_id)
    return standing


async def seat_map_of(
    desk: Desk, event_id: UUID, standing: SeatMap | Standing | None, *, lists: bool = False
) -> SeatMap:
    """Get the map of an event, no older than this call.

    Raises:
        EventNotFound: where there is none.
    """
    seat_map = await desk.seat_maps.current(event_id, lists=lists, found=standing)
    if seat_map is None:
        raise EventNotFound(event_id)
    return seat_map


async def _written_list(seat_map: SeatMap) -> SeatList | None:
    """Write what changed of a map's list; None where it has none, or seats came in meanwhile that must not show yet."""
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


def _large_list(desk: Desk, seat_map: SeatMap, name: str, *, available_only: bool) -> Answer:
    """List the seats of an event whose list is too large to be kept."""
    stream = desk.large_lists.open(seat_map, available_only=available_only)
    headers = (event_version(seat_map.version), (b"etag", state_tag(name, seat_map)), VARY, REVALIDATE)
    return Answer(200, b"", headers, stream=stream)
