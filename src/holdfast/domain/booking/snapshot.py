"""What `decide()` is given and what it gives back."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from holdfast.domain.booking.commands import Outcome
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.seat import Claim
from holdfast.domain.value import value


class Mark(NamedTuple):
    """Which state of an event a version means.

    The number alone does not tell: a failover may lose the end of a log, and what is lost is numbered again, for other
    entries. So what the entry at a version says is held against what is known of it. The clock of another server, or
    one that was set back, may give a time twice; reservations are made once.
    """

    version: int
    at: datetime
    """The time of the entry; of a version 0, which has none, that at which the event was created."""
    kind: str | None = None
    """A `ChangeKind`, or one that a later release made."""
    reservation_id: UUID | None = None

    @property
    def name(self) -> str:
        """A name that no other state of the event has, for entity tags and for listeners who come back."""
        return _name_of(self)


@lru_cache(maxsize=4_096)
def _name_of(mark: Mark) -> str:
    """Make a name; hundreds of readers of one event ask for the same one."""
    said = f"{mark.at.timestamp():.6f} {mark.kind} {mark.reservation_id}"
    return f"{mark.version}-{blake2b(said.encode(), digest_size=6).hexdigest()}"


@dataclass(frozen=True, slots=True)
class EventState:
    """The event's row: its version, what decides whether it can be booked, and the counters.

    `available`, `reserved` and `confirmed` count seats.
    """

    id: UUID
    version: int
    start_at: datetime
    deleted: bool
    available: int
    reserved: int
    confirmed: int
    pending_reservations: int
    confirmed_reservations: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One event as it stood at one version, as far as a batch of commands can touch it.

    It is closed over the batch: the wanted seats, the live claims on them, every reservation that a command names by
    id or key, and every overdue reservation that holds a wanted seat, whole.
    """

    event_id: UUID
    event: EventState | None
    """None where there never was such an event."""
    prices: dict[UUID, int]
    """The wanted seats that exist in this event, with their prices."""
    claims: dict[UUID, Claim]
    """The live claims on the wanted seats, and on all seats of the pending reservations below."""
    reservations: dict[UUID, Reservation]
    mark: Mark | None = None
    """What its version means, where that was read."""


class ChangeKind(StrEnum):
    """What an entry of an event's log records."""

    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SEATS_ADDED = "seats_added"
    EVENT_EDITED = "event_edited"
    EVENT_DELETED = "event_deleted"


@value(frozen=True, slots=True)
class LogEntry:
    """One step of an event's history; each raises the version by one."""

    version: int
    kind: ChangeKind
    reservation_id: UUID | None
    seat_ids: tuple[UUID, ...]


@dataclass(slots=True)
class Changes:
    """What a batch changes, netted: at most one change per row (two changes of one row in one statement lose one)."""

    at: datetime
    """The time of the decision."""
    event: EventState
    """The event's row as it shall stand."""
    loaded_version: int
    """The version that the decision was taken upon: the guard."""
    loaded_mark: Mark | None = None
    """What that version meant."""
    created: list[Reservation] = field(default_factory=list)
    changed: list[tuple[Reservation, Reservation]] = field(default_factory=list)
    """(as loaded, as it shall stand)."""
    claims_added: list[Claim] = field(default_factory=list)
    claims_moved: list[tuple[Claim, Claim]] = field(default_factory=list)
    """(as loaded, as it shall stand): sold, or expired and taken by another in the same batch."""
    claims_removed: list[Claim] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a batch: one outcome per command, in their order, and what is to be stored."""

    outcomes: list[Outcome]
    changes: Changes | None
    """None when nothing is to be stored."""
