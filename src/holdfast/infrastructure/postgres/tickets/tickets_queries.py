"""The statements of `tickets.sql` and their parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Nothing, Query, bound, load_queries


class OfLock(TypedDict):
    """An advisory lock."""

    key: int


class OfKey(TypedDict):
    """One key."""

    key_id: bytes


class AtTime(TypedDict):
    """A time."""

    now: datetime


class KeyAtTime(OfKey, AtTime):
    """A key and a time."""


class NewKey(KeyAtTime):
    """A new key."""

    private_key: bytes
    public_key: bytes


class OfSeats(TypedDict):
    """Seats of an event."""

    event_id: UUID
    seat_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class TicketsQueries:
    """The statements of `tickets.sql`."""

    signing_key: Query[Nothing]
    keys: Query[Nothing]
    lock_keys: Query[OfLock]
    time_after_lock: Query[Nothing]
    insert_key: Query[NewKey]
    has_key: Query[OfKey]
    retire_signing_key: Query[AtTime]
    revoke_key: Query[KeyAtTime]
    seats_of_tickets: Query[OfSeats]


TICKETS = bound(TicketsQueries, load_queries("tickets/tickets"))
