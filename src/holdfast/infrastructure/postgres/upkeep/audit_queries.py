"""The parameters of the statements in `audit_scopes.sql`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Nothing, Query, bound, load_queries


class EventsMax(TypedDict):
    """The maximum number of events."""

    events_max: int


class NextEvents(EventsMax):
    """The events after a given one, by id."""

    after_event_id: UUID


class Since(TypedDict):
    """A time."""

    since: datetime


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class OfEvents(TypedDict):
    """Some events."""

    event_ids: Sequence[UUID]


class OfVersions(OfEvents):
    """A version for each of some events."""

    versions: Sequence[int]


class OfWindows(OfEvents):
    """A window of the log for each of some events."""

    after_versions: Sequence[int]
    until_versions: Sequence[int]


class NextRows(TypedDict):
    """The rows after a given one, by id."""

    after_id: UUID
    rows_max: int


@dataclass(frozen=True, slots=True)
class AuditQueries:
    """The statements of `audit_scopes.sql`."""

    try_to_lead: Query[Nothing]
    price_of_everything: Query[EventsMax]
    next_events: Query[NextEvents]
    event_version: Query[OfEvent]
    recent_entries: Query[Since]
    marks: Query[OfVersions]
    clock: Query[Nothing]
    windows: Query[OfWindows]
    whole_events: Query[OfEvents]
    whole_seats: Query[OfEvents]
    whole_changes: Query[OfEvents]
    whole_reservations: Query[Nothing]
    whole_claims: Query[Nothing]
    whole_channels: Query[OfEvents]
    whole_categories: Query[OfEvents]
    whole_channel_seats: Query[OfEvents]
    counted_seats: Query[OfEvents]
    counted_claims: Query[Nothing]
    counted_reservations: Query[OfEvents]
    new_entries: Query[OfWindows]
    new_reservations: Query[Nothing]
    new_wants: Query[Nothing]
    new_seats: Query[Nothing]
    new_claims: Query[Nothing]
    new_categories: Query[Nothing]
    new_events: Query[Nothing]
    new_changes: Query[Nothing]
    gaps_in_new_entries: Query[OfWindows]
    stray_charts: Query[NextRows]
    stray_reservations: Query[NextRows]
    stray_claims: Query[NextRows]


AUDIT = bound(AuditQueries, load_queries("upkeep/audit_scopes"))
