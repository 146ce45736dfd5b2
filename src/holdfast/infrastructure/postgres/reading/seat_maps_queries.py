"""The parameters of the statements in `seat_maps.sql`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class KnownVersions(TypedDict):
    """The versions that a process knows of events; None if it knows none."""

    event_ids: Sequence[UUID]
    known_versions: Sequence[int | None]
    entries_max: int


class WantedMaps(TypedDict):
    """Events, and whether the seat list of each is wanted too."""

    event_ids: Sequence[UUID]
    listed: Sequence[bool]


class AddedSince(OfEvent):
    """The seats of an event from a position in its chart onwards."""

    first_position: int
    listed: bool


class PageOfList(OfEvent):
    """The next seats of a list, among those that were in the chart when the list was begun."""

    after_number: str
    seats_max: int
    chart_seats: int


class OfSeats(TypedDict):
    """Seats, each with its event."""

    seat_ids: Sequence[UUID]
    event_ids: Sequence[UUID]


class OfVersion(OfEvent):
    """One version of an event."""

    version: int


@dataclass(frozen=True, slots=True)
class SeatMapsQueries:
    """The statements of `seat_maps.sql`."""

    freshness: Query[KnownVersions]
    load_maps: Query[WantedMaps]
    added_seats: Query[AddedSince]
    list_page: Query[PageOfList]
    positions: Query[OfSeats]
    mark: Query[OfVersion]
    chart: Query[OfEvent]


SEAT_MAPS = bound(SeatMapsQueries, load_queries("reading/seat_maps"))
