"""The current state of an event, its map, and what a client has of its chart, for the handlers of seats."""

import re
from collections.abc import Callable
from typing import NoReturn
from uuid import UUID

from holdfast.api.representation import tags_of
from holdfast.application.failures import Contended
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Standing
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.http.endpoints.call import Call

CHART_STATE = rb"(?P<chart_version>[0-9]{1,10})-(?P<state>(?P<version>[0-9]{1,18})-[0-9a-f]{12})"
"""The part of an entity tag that names the version of a chart, and the state of the event in which it was read."""


async def standing_of(views: Views, event_id: UUID) -> SeatMap | Standing:
    """Return the current state of an event, no older than this call.

    Raises:
        EventNotFound: if there is no such event.
        EventArchived: if it was archived.
    """
    standing = await views.seat_maps.standing(event_id)
    if standing is None:
        raise EventNotFound(event_id)
    return standing


async def seat_map_of(
    views: Views, event_id: UUID, standing: SeatMap | Standing | None, *, lists: bool = False
) -> SeatMap:
    """Return the map of an event, no older than this call.

    Raises:
        EventNotFound: if there is no such event.
        EventArchived: if it was archived.
    """
    seat_map = await views.seat_maps.current(event_id, lists=lists, found=standing)
    if seat_map is None:
        raise EventNotFound(event_id)
    return seat_map


async def refuse_as_gone(views: Views, event_id: UUID) -> NoReturn:
    """Refuse a request for something of an event that was there when the request began.

    Raises:
        EventNotFound, EventArchived: Whichever has happened since.
        Contended: It is there again: it was archived, and restored.
    """
    await standing_of(views, event_id)
    raise Contended(f"event {event_id} was archived and restored while it was read")


async def chart_tag_of_client(
    views: Views,
    call: Call,
    event_id: UUID,
    standing: SeatMap | Standing,
    form: re.Pattern[bytes],
    *,
    fits: Callable[[re.Match[bytes]], bool] = lambda _: True,
) -> bytes | None:
    """Return the client's entity tag that identifies something made of the event's present chart; None if it has none.

    A tag names the version of the chart, and the state of the event in which it was read. If the log still has that
    state, and the chart has not changed since, it is the same. If the log has not, a failover lost that state, and the
    chart may differ even with the same number of seats.

    Args:
        views: Where.
        call: The request.
        event_id: The event.
        standing: Its current state.
        form: What such tags look like (`CHART_STATE`).
        fits: Returns whether a tag is also of the present as to what else it names.
    """
    # The map moves on while the log is asked. The answer is about this state.
    mark, chart_version = standing.mark, standing.chart_version
    for tag in tags_of(call):
        parts = form.fullmatch(tag)
        if parts is None or int(parts["chart_version"]) != chart_version or not fits(parts):
            continue
        if parts["state"] == mark.name.encode():
            return tag
        known = await views.charts.mark(event_id, int(parts["version"]))
        if known is not None and known.name.encode() == parts["state"]:
            return tag
    return None
