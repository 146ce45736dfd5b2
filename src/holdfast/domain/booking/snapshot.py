"""The input of `decide()` and its result."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from holdfast.domain.booking.channels import Channel
from holdfast.domain.booking.choosing.free_seats import FreeSeats
from holdfast.domain.booking.commands import Outcome
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.seat import Claim
from holdfast.domain.identity.audit import AuditEntry
from holdfast.domain.value import value


class Mark(NamedTuple):
    """Identifies one state of an event. A version number alone does not.

    If a failover loses the end of a log, the lost version numbers are used again for other entries. A cached copy of
    the event must notice that its version now stands for something else, so the entry's contents are compared too. The
    time alone would not do: another server's clock, or one that was set back, may produce the same time twice. A
    reservation is made only once.
    """

    version: int
    at: datetime
    """The time of the log entry. Version 0 has no entry; its time is that of the event's creation."""
    kind: str | None = None
    """A `ChangeKind`, or a kind that only a later release knows."""
    reservation_id: UUID | None = None

    @property
    def name(self) -> str:
        """A name unique to this state of the event, for entity tags and for listeners who reconnect."""
        return _name_of(self)


@lru_cache(maxsize=4_096)
def _name_of(mark: Mark) -> str:
    """Build the name. It is cached because hundreds of readers of one event ask for the same one."""
    said = f"{mark.at.timestamp():.6f} {mark.kind} {mark.reservation_id}"
    return f"{mark.version}-{blake2b(said.encode(), digest_size=6).hexdigest()}"


@dataclass(frozen=True, slots=True)
class EventState:
    """The event's row: its version, the fields that decide whether it can be booked, and the counters.

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
    max_seats_per_buyer: int | None = None
    """How many seats one buyer may have, held and sold together; None for no limit."""
    published: bool = True
    """Whether everybody may see it. Of a draft only its organiser's members hold seats."""
    sale_opens_at: datetime | None = None
    """When the first seat can be held; None: at once."""
    sale_closes_at: datetime | None = None
    """From when on no seat can be held, unless `start_at` is earlier; None: from `start_at` on."""
    seller_confirms: bool = False
    """Whether only the seller turns holds into sales."""
    archived: bool = False
    """Whether its reservations, claims and log are in an archive. The counters still tell what it had."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One event at one version, limited to what a batch of commands can touch.

    It is closed over the batch. It contains the requested seats, the live claims on them, every reservation that a
    command names by id or key, and every overdue reservation that holds a requested seat, with all of its seats.
    """

    event_id: UUID
    event: EventState | None
    """None if there has never been such an event."""
    prices: dict[UUID, int]
    """The requested seats that exist in this event, with their prices: their own, or else that of their category."""
    claims: dict[UUID, Claim]
    """The live claims on the requested seats, and on all seats of the pending reservations below."""
    reservations: dict[UUID, Reservation]
    mark: Mark | None = None
    """Identifies the state at this version, if it was read."""
    seats_by_buyer: dict[str, int] = field(default_factory=dict)
    """Where the event limits the seats of a buyer: how many each user who makes a request has, held and sold together.
    Holds that had run out when this was read do not count, recorded or not. Users without seats may be missing."""
    logged_changes: frozenset[UUID] = frozenset()
    """The commands in the batch whose `change_id` is in the log: an earlier attempt has carried them out."""
    channels: dict[str, Channel] = field(default_factory=dict)
    """The event's channels, by key."""
    channel_of: dict[UUID, str] = field(default_factory=dict)
    """The channel of those seats that are in one: of the requested seats, and of the seats of all reservations above
    that are pending."""
    areas: frozenset[UUID] = frozenset()
    """Those of the requested seats that are places of an area for general admission."""
    companions: dict[UUID, UUID] = field(default_factory=dict)
    """Those of the requested seats that are companion seats, each with its accessible seat."""
    free_seats: FreeSeats | None = None
    """All free seats of the event at this version, if a command leaves the choice of seats to us and they are known."""
    more_overdue: bool = False
    """Whether there may be more overdue holds than those above."""


class ChangeKind(StrEnum):
    """The kinds of entry in an event's log."""

    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    EXTENDED = "extended"
    SEATS_CHANGED = "seats_changed"
    SEATS_ADDED = "seats_added"
    HALL_CHANGED = "hall_changed"
    CATEGORIES_CHANGED = "categories_changed"
    CHANNEL_CHANGED = "channel_changed"
    CHANNEL_DELETED = "channel_deleted"
    CHANNEL_OPENED = "channel_opened"
    SEATS_KEPT_BACK = "seats_kept_back"
    SEATS_GIVEN_BACK = "seats_given_back"
    EVENT_EDITED = "event_edited"
    EVENT_DELETED = "event_deleted"


@value(frozen=True, slots=True)
class LogEntry:
    """One step in an event's history. Each raises the version by one."""

    version: int
    kind: ChangeKind
    reservation_id: UUID | None
    seat_ids: tuple[UUID, ...]
    freed_seat_ids: tuple[UUID, ...] = ()
    """Of `SEATS_CHANGED`: the seats that the hold gave up when it got `seat_ids`."""
    kept_back_seat_ids: tuple[UUID, ...] = ()
    """Of the seats that became free with this step, those that a channel keeps back."""
    detail: str | None = None
    """The key of the channel, in an entry about one; the command's `change_id`, in `EXTENDED` and `SEATS_CHANGED`."""


@dataclass(slots=True)
class Changes:
    """The net changes of a batch, at most one per row.

    Two changes of one row within a single SQL statement would silently lose one of them.
    """

    at: datetime
    """The time of the decision."""
    event: EventState
    """The event's row after the change."""
    loaded_version: int
    """The version on which the decision was based. The store guards its update with it."""
    loaded_mark: Mark | None = None
    """Identifies the state at that version."""
    created: list[Reservation] = field(default_factory=list)
    changed: list[tuple[Reservation, Reservation]] = field(default_factory=list)
    """(as loaded, after the change)."""
    claims_added: list[Claim] = field(default_factory=list)
    claims_moved: list[tuple[Claim, Claim]] = field(default_factory=list)
    """(as loaded, after the change): sold, or expired and taken by another buyer in the same batch."""
    claims_removed: list[Claim] = field(default_factory=list)
    channels: list[tuple[Channel, Channel]] = field(default_factory=list)
    """(as loaded, after the change)."""
    log: list[LogEntry] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on a batch: one outcome per command, in order, and the changes to store."""

    outcomes: list[Outcome]
    changes: Changes | None
    """None if there is nothing to store."""
