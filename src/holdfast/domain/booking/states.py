"""The states of a seat and of a reservation, and the only ways from one to the next.

Everything that changes a state asks these tables; the invariants of `holdfast check` hold the log against them.
"""

from enum import StrEnum
from typing import TypeAlias

from holdfast.domain.booking.refusals import AlreadyCancelled, AlreadyConfirmed, HoldExpired

ResolutionRefusal: TypeAlias = type[AlreadyCancelled] | type[AlreadyConfirmed] | type[HoldExpired]
"""Why a reservation that has ended cannot be confirmed or cancelled; each is made with the reservation's id."""


class SeatStatus(StrEnum):
    """What a buyer sees of a seat."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    """Held for one buyer until the hold runs out."""
    CONFIRMED = "confirmed"
    """Sold."""


class ReservationStatus(StrEnum):
    """Where a reservation stands."""

    PENDING = "pending"
    """A live hold on its seats."""
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class CancelReason(StrEnum):
    """Why a reservation ended without a sale."""

    USER = "user"
    EXPIRED = "expired"
    EVENT_DELETED = "event_deleted"


class Verb(StrEnum):
    """What can be asked of a reservation that exists."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    EXPIRE = "expire"


SEAT_TRANSITIONS: dict[SeatStatus, frozenset[SeatStatus]] = {
    SeatStatus.AVAILABLE: frozenset({SeatStatus.RESERVED}),
    SeatStatus.RESERVED: frozenset({SeatStatus.CONFIRMED, SeatStatus.AVAILABLE}),
    SeatStatus.CONFIRMED: frozenset(),
}
"""A sold seat stays sold; a held one is sold or becomes free again."""

RESERVATION_TRANSITIONS: dict[tuple[ReservationStatus, Verb], ReservationStatus | ResolutionRefusal] = {
    (ReservationStatus.PENDING, Verb.CONFIRM): ReservationStatus.CONFIRMED,
    (ReservationStatus.PENDING, Verb.CANCEL): ReservationStatus.CANCELLED,
    (ReservationStatus.PENDING, Verb.EXPIRE): ReservationStatus.CANCELLED,
    (ReservationStatus.CONFIRMED, Verb.CONFIRM): ReservationStatus.CONFIRMED,
    (ReservationStatus.CONFIRMED, Verb.CANCEL): AlreadyConfirmed,
    (ReservationStatus.CONFIRMED, Verb.EXPIRE): ReservationStatus.CONFIRMED,
    (ReservationStatus.CANCELLED, Verb.CONFIRM): AlreadyCancelled,
    (ReservationStatus.CANCELLED, Verb.CANCEL): ReservationStatus.CANCELLED,
    (ReservationStatus.CANCELLED, Verb.EXPIRE): ReservationStatus.CANCELLED,
}
"""The status that follows, or the refusal. The same status again means: nothing changes, and the answer is yes.
Confirming a reservation whose reason is `expired` is refused as `HoldExpired` instead."""


def next_status(
    status: ReservationStatus, reason: CancelReason | None, verb: Verb
) -> ReservationStatus | ResolutionRefusal:
    """Look up what becomes of a reservation in `status` (ended for `reason`, if it has ended) upon `verb`."""
    step = RESERVATION_TRANSITIONS[status, verb]
    if step is AlreadyCancelled and reason is CancelReason.EXPIRED:
        return HoldExpired
    return step
