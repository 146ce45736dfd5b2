"""The states of seats and reservations, and the allowed transitions.

Every change of state goes by these tables, and the invariants of `holdfast check` compare the log with them.
"""

from enum import StrEnum
from typing import TypeAlias

from holdfast.domain.booking.refusals import AlreadyCancelled, AlreadyConfirmed, HoldExpired

ResolutionRefusal: TypeAlias = type[AlreadyCancelled] | type[AlreadyConfirmed] | type[HoldExpired]
"""Why nothing more can be done with a reservation that has ended. Each class takes the reservation's id."""


class SeatStatus(StrEnum):
    """What a buyer sees of a seat."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    """Held for one buyer until the hold runs out."""
    CONFIRMED = "confirmed"
    """Sold."""


class ReservationStatus(StrEnum):
    """The state of a reservation."""

    PENDING = "pending"
    """A live hold on its seats."""
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class CancelReason(StrEnum):
    """Why a reservation ended without a sale."""

    USER = "user"
    EXPIRED = "expired"
    EVENT_DELETED = "event_deleted"
    SELLER = "seller"
    """The organiser or the box office released the hold."""


class Verb(StrEnum):
    """What a caller can do with an existing reservation."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    EXPIRE = "expire"
    EXTEND = "extend"
    CHANGE_SEATS = "change_seats"
    RELEASE = "release"
    """As `CANCEL`, by the seller."""


SEAT_TRANSITIONS: dict[SeatStatus, frozenset[SeatStatus]] = {
    SeatStatus.AVAILABLE: frozenset({SeatStatus.RESERVED}),
    SeatStatus.RESERVED: frozenset({SeatStatus.CONFIRMED, SeatStatus.AVAILABLE}),
    SeatStatus.CONFIRMED: frozenset(),
}
"""A sold seat stays sold. A held seat is sold or becomes free again."""

RESERVATION_TRANSITIONS: dict[tuple[ReservationStatus, Verb], ReservationStatus | ResolutionRefusal] = {
    (ReservationStatus.PENDING, Verb.CONFIRM): ReservationStatus.CONFIRMED,
    (ReservationStatus.PENDING, Verb.CANCEL): ReservationStatus.CANCELLED,
    (ReservationStatus.PENDING, Verb.EXPIRE): ReservationStatus.CANCELLED,
    (ReservationStatus.PENDING, Verb.EXTEND): ReservationStatus.PENDING,
    (ReservationStatus.PENDING, Verb.CHANGE_SEATS): ReservationStatus.PENDING,
    (ReservationStatus.PENDING, Verb.RELEASE): ReservationStatus.CANCELLED,
    (ReservationStatus.CONFIRMED, Verb.CONFIRM): ReservationStatus.CONFIRMED,
    (ReservationStatus.CONFIRMED, Verb.CANCEL): AlreadyConfirmed,
    (ReservationStatus.CONFIRMED, Verb.EXPIRE): ReservationStatus.CONFIRMED,
    (ReservationStatus.CONFIRMED, Verb.EXTEND): AlreadyConfirmed,
    (ReservationStatus.CONFIRMED, Verb.CHANGE_SEATS): AlreadyConfirmed,
    (ReservationStatus.CONFIRMED, Verb.RELEASE): AlreadyConfirmed,
    (ReservationStatus.CANCELLED, Verb.CONFIRM): AlreadyCancelled,
    (ReservationStatus.CANCELLED, Verb.CANCEL): ReservationStatus.CANCELLED,
    (ReservationStatus.CANCELLED, Verb.EXPIRE): ReservationStatus.CANCELLED,
    (ReservationStatus.CANCELLED, Verb.EXTEND): AlreadyCancelled,
    (ReservationStatus.CANCELLED, Verb.CHANGE_SEATS): AlreadyCancelled,
    (ReservationStatus.CANCELLED, Verb.RELEASE): ReservationStatus.CANCELLED,
}
"""The next status, or the refusal. If a reservation that has ended stays as it is, the command succeeds and changes
nothing. What is refused with `AlreadyCancelled` is refused with `HoldExpired` if the reason was `expired`."""


def next_status(
    status: ReservationStatus, reason: CancelReason | None, verb: Verb
) -> ReservationStatus | ResolutionRefusal:
    """Look up the result of `verb` on a reservation in `status` (cancelled for `reason`, if it was cancelled)."""
    step = RESERVATION_TRANSITIONS[status, verb]
    if step is AlreadyCancelled and reason is CancelReason.EXPIRED:
        return HoldExpired
    return step
