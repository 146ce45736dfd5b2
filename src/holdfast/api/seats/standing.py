"""The current state of an event, and its map, for the handlers of seats."""

from uuid import UUID

from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Standing
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.refusals import EventNotFound


async def standing_of(views: Views, event_id: UUID) -> SeatMap | Standing:
    """Return the current state of an event, no older than this call.

    Raises:
        EventNotFound: if there is no such event.
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
    """
    seat_map = await views.seat_maps.current(event_id, lists=lists, found=standing)
    if seat_map is None:
        raise EventNotFound(event_id)
    return seat_map
