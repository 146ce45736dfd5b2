"""The parameters of the statements in `archive.sql`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Nothing, Query, bound, load_queries


class NextDue(TypedDict):
    """How long after their end events are due, and the last one that is known."""

    after: timedelta
    after_finished_at: datetime
    after_event_id: UUID
    events_max: int


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class OfSeats(OfEvent):
    """The seats after a number."""

    after_seat_number: str
    rows_max: int


class OfVersions(OfEvent):
    """What was made after a version."""

    after_version: int
    rows_max: int


class OfStatus(OfVersions):
    """Reservations of a status."""

    status: str


class OfLog(OfVersions):
    """Entries of the log, which can be large."""

    bytes_max: int


class NewEntry(OfEvent):
    """The file of an event."""

    file: str
    format: str
    sha256: bytes
    size_bytes: int
    version: int
    claims: int
    reservations: int
    changes: int


class NextEntries(TypedDict):
    """The entries after that of an event."""

    after_event_id: UUID
    rows_max: int


class Rows(TypedDict):
    """Rows of a table, as a JSON array of objects."""

    rows: str


@dataclass(frozen=True, slots=True)
class ArchiveQueries:
    """The statements of `archive.sql`."""

    try_to_lead: Query[Nothing]
    sessions_settings: Query[Nothing]
    finished_upgrade: Query[Nothing]
    due_events: Query[NextDue]
    event_to_archive: Query[OfEvent]
    count_rows: Query[OfEvent]
    claims_of_seats: Query[OfSeats]
    reservations_of_status: Query[OfStatus]
    changes_after: Query[OfLog]
    lock_event: Query[OfEvent]
    record_archive: Query[NewEntry]
    remove_claims: Query[OfSeats]
    remove_reservations: Query[OfStatus]
    remove_changes: Query[OfVersions]
    mark_archived: Query[OfEvent]
    entry_of_event: Query[OfEvent]
    entries_after: Query[NextEntries]
    restore_claims: Query[Rows]
    restore_reservations: Query[Rows]
    restore_changes: Query[Rows]
    mark_restored: Query[OfEvent]


ARCHIVE = bound(ArchiveQueries, load_queries("archive/archive"))
