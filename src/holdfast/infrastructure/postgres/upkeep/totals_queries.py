"""The parameters of the statements in `totals.sql`."""

from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Nothing, Query, bound, load_queries


class Slice(TypedDict):
    """Consecutive events by id: up to a given one or, if that is None, as many as a slice has."""

    after_event_id: UUID
    until_event_id: UUID | None
    slice_events: int


class BusiestOfSlice(Slice):
    """How many of them to find."""

    events_max: int


@dataclass(frozen=True, slots=True)
class TotalsQueries:
    """The statements of `totals.sql`."""

    try_to_lead: Query[Nothing]
    slice_of_events: Query[Slice]
    busiest_events: Query[BusiestOfSlice]
    overdue_in_total: Query[Nothing]
    oldest_snapshot: Query[Nothing]


TOTALS = bound(TotalsQueries, load_queries("upkeep/totals"))
