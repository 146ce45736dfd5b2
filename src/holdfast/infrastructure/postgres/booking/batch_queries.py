"""The parameters of the statements in `batch.sql`: rows as arrays, one per column, those of a kind equally long."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class LogFrom(TypedDict):
    """A version of one event, and the maximum number of entries."""

    event_id: UUID
    version: int
    steps_max: int


class OfEvents(TypedDict):
    """Several events."""

    event_ids: Sequence[UUID]


class OfReservations(TypedDict):
    """Several reservations, of any events."""

    reservation_ids: Sequence[UUID]


class EventsMax(TypedDict):
    """The maximum number of events."""

    events_max: int


class Touched(TypedDict):
    """What batches can touch: events, requested seats, requests, reservations that end or change, and buyers."""

    event_ids: Sequence[UUID]
    wanted_seat_ids: Sequence[UUID]
    wanted_event_ids: Sequence[UUID]
    key_user_ids: Sequence[str]
    idempotency_keys: Sequence[str]
    key_event_ids: Sequence[UUID]
    asked_reservation_ids: Sequence[UUID]
    asked_event_ids: Sequence[UUID]
    change_ids: Sequence[str]
    changed_reservation_ids: Sequence[UUID]
    change_event_ids: Sequence[UUID]
    buyer_user_ids: Sequence[str]
    buyer_event_ids: Sequence[UUID]
    overdue_max: int


@dataclass(frozen=True, slots=True)
class BatchQueries:
    """The statements of `batch.sql`."""

    lock_event: Query[OfEvent]
    lock_event_unless_locked: Query[OfEvent]
    event_exists: Query[OfEvent]
    locked_version: Query[OfEvent]
    log_from: Query[LogFrom]
    lock_idle_events: Query[OfEvents]
    load_batch: Query[Touched]
    coded_channels: Query[OfEvent]
    reservation_owners: Query[OfReservations]
    archived_reservations: Query[OfReservations]
    overdue_events: Query[EventsMax]


BATCH = bound(BatchQueries, load_queries("booking/batch"))
