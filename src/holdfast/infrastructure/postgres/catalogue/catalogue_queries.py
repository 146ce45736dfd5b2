"""The parameters of the statements in `catalogue.sql`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Nothing, Query, bound, load_queries


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class Details(TypedDict):
    """What an organiser writes about an event."""

    name: str
    description: str
    venue: str
    start_at: datetime
    end_at: datetime
    total_seats: int
    max_seats_per_buyer: int | None
    published: bool
    timezone: str
    currency: str
    sale_opens_at: datetime | None
    sale_closes_at: datetime | None
    confirmation: str


class NewEvent(OfEvent, Details):
    """An event to be created."""

    organiser_id: UUID


class OfLoadedEvent(OfEvent):
    """A locked event, and the version it must still have."""

    loaded_version: int


class EditedEvent(OfLoadedEvent, Details):
    """An event whose details are replaced."""

    now: datetime


class OfMigration(TypedDict):
    """A migration, such as "0005"."""

    migration: str


class LoggedChange(OfEvent):
    """An entry of the log."""

    version: int
    kind: str
    at: datetime


class EndedHolds(OfLoadedEvent):
    """An event whose holds all end."""

    now: datetime


class DeletedEvent(OfLoadedEvent):
    """An event to be marked deleted, and its version after that."""

    now: datetime
    version: int


class Entry(OfEvent):
    """A log entry to look for."""

    version: int
    at: datetime


class SeatNumbers(OfEvent):
    """Seat numbers to be added to an event."""

    seat_numbers: Sequence[str]


class AddedSeats(OfLoadedEvent):
    """How many seats are added to an event."""

    added_seats: int


@dataclass(frozen=True, slots=True)
class CatalogueQueries:
    """The statements of `catalogue.sql`."""

    lock_event: Query[OfEvent]
    event_after_lock: Query[OfEvent]
    clock: Query[Nothing]
    insert_event: Query[NewEvent]
    update_event: Query[EditedEvent]
    feature_is_on: Query[OfMigration]
    log_change: Query[LoggedChange]
    cancel_holds_of_deleted_event: Query[EndedHolds]
    delete_event: Query[DeletedEvent]
    delete_channels_of_deleted_event: Query[OfEvent]
    has_entry: Query[Entry]
    has_other_forms: Query[OfEvent]
    taken_seat_numbers: Query[SeatNumbers]
    count_added_seats: Query[AddedSeats]


CATALOGUE = bound(CatalogueQueries, load_queries("catalogue/catalogue"))
