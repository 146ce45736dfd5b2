"""How an event stands, and its map: what handlers of seats begin with."""

from uuid import UUID

from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Standing
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.refusals import EventNotFound


async def standing_of(views: Views, event_id: UUID) -> SeatMap | Standing:
    """Tell how an event stands, no older than this call.

    Raises:
        EventNotFound: where there is none.
    """
    standing = await views.seat_maps.standing(event_id)
    if standing is None:
        raise EventNotFound(event_id)
    return standing


async def seat_map_of(
    views: Views, event_id: UUID, standing: SeatMap | Standing | None, *, lists: bool = False
) -> SeatMap:
    """Get the map of an event, no older than this call.

    Raises:
        EventNotFound: where there is none.
    """
    seat_map = await views.seat_maps.current(event_id, lists=lists, found=standing)
    if seat_map is None:
        raise EventNotFound(event_id)
    return seat_map
