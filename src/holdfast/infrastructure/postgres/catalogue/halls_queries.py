"""The parameters of the statements in `halls.sql`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class CategoryNumbers(OfEvent):
    """Some categories of an event."""

    numbers: Sequence[int]


class GivenCategories(CategoryNumbers):
    """The categories of an event, one column per field."""

    keys: Sequence[str]
    names: Sequence[str]
    colors: Sequence[str]
    prices: Sequence[int]


class CountedEdits(OfEvent):
    """A locked event, the version it must still have, and by how much each count rises."""

    loaded_version: int
    chart_edits: int
    price_edits: int


class GivenHall(OfEvent):
    """A hall of an event."""

    document: str
    sections: str


class NextSeats(OfEvent):
    """The next seats of an event."""

    after_number: str
    seats_max: int


class CountedChart(CountedEdits):
    """How many more seats an event has, besides the edits."""

    more_seats: int


@dataclass(frozen=True, slots=True)
class HallsQueries:
    """The statements of `halls.sql`."""

    categories: Query[OfEvent]
    used_categories: Query[CategoryNumbers]
    remove_categories: Query[CategoryNumbers]
    put_categories: Query[GivenCategories]
    count_edits: Query[CountedEdits]
    hall_document: Query[OfEvent]
    chart_version: Query[OfEvent]
    put_hall: Query[GivenHall]
    was_ever_held: Query[OfEvent]
    stored_seats: Query[NextSeats]
    remove_seats: Query[OfEvent]
    remove_channel_seats: Query[OfEvent]
    count_chart: Query[CountedChart]


HALLS = bound(HallsQueries, load_queries("catalogue/halls"))
