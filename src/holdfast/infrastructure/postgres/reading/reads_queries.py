"""The parameters of the statements in `reads.sql`."""

from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class OfSeat(TypedDict):
    """One seat."""

    seat_id: UUID


class OfReservation(TypedDict):
    """One reservation, and the caller."""

    reservation_id: UUID
    user_id: str


class Page(TypedDict):
    """A page of a list."""

    limit: int
    offset: int


class PageOfUser(Page):
    """A page of a user's list."""

    user_id: str


@dataclass(frozen=True, slots=True)
class ReadsQueries:
    """The statements of `reads.sql`."""

    event: Query[OfEvent]
    events: Query[Page]
    event_stamps: Query[Page]
    seat: Query[OfSeat]
    reservation: Query[OfReservation]
    reservations: Query[PageOfUser]


READS = bound(ReadsQueries, load_queries("reading/reads"))
