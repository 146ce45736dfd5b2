"""A reservation: one buyer's claim on one or more seats of one event."""

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from holdfast.domain.booking.states import CancelReason, ReservationStatus
from holdfast.domain.value import value

SEATS_MAX = 20
"""Seats in one reservation (contract)."""


@value(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A reservation as stored.

    `total_amount` is in the currency's minor unit, at the prices when each seat was held. `fingerprint` is
    `fingerprint_of` the seats that were first requested. The versions are the event's: at the reservation's creation
    and at its last change.
    """

    id: UUID
    event_id: UUID
    user_id: str
    idempotency_key: str
    fingerprint: bytes
    seat_ids: tuple[UUID, ...]
    status: ReservationStatus
    cancel_reason: CancelReason | None
    total_amount: int
    created_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None
    created_version: int
    changed_version: int
    prices: tuple[int, ...] | None = None
    """What was agreed for each seat, in the order of `seat_ids`. None in reservations made before prices were kept:
    each of their seats costs its own price, which never changes."""
    extensions: int = 0
    """How often the hold was extended."""
    beyond_limit: bool = False
    """The purchase limit does not apply to it: the box office made it, or gave it more seats."""

    def is_overdue(self, now: datetime) -> bool:
        """Return whether this hold has run out at `now`, whether or not its expiry has been recorded."""
        return self.status is ReservationStatus.PENDING and self.expires_at <= now

    def as_seen_at(self, now: datetime) -> "Reservation":
        """Return the reservation as a reader sees it at `now`: an overdue hold is shown as cancelled straight away."""
        if self.is_overdue(now):
            return replace(self, status=ReservationStatus.CANCELLED, cancel_reason=CancelReason.EXPIRED)
        return self


def fingerprint_of(event_id: UUID, seat_ids: tuple[UUID, ...]) -> bytes:
    """Hash the event and the requested seats (SHA-256), in any order.

    It tells a retry from a key that is reused for other seats.
    """
    return sha256(event_id.bytes + b"".join(sorted([seat_id.bytes for seat_id in seat_ids]))).digest()
