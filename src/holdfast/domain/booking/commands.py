"""What can be asked of one event's seats, and the outcomes."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from holdfast.domain.booking.reservation import SEATS_MAX, Reservation, fingerprint_of
from holdfast.domain.refusal import InvalidValue, Refusal
from holdfast.domain.value import value


@value(frozen=True, slots=True)
class Reserve:
    """Hold every seat of the wish for this buyer, or none of them."""

    reservation_id: UUID
    """Made once per request: a stored reservation with this id is this request's own commit."""
    user_id: str
    idempotency_key: str
    seat_ids: tuple[UUID, ...]
    fingerprint: bytes

    @classmethod
    def wish(
        cls,
        *,
        reservation_id: UUID,
        event_id: UUID,
        user_id: str,
        idempotency_key: str,
        seat_ids: tuple[UUID, ...],
    ) -> "Reserve":
        """Make the command for a buyer's wish.

        Raises:
            InvalidValue: for no seats, too many, or one named twice.
        """
        if not 1 <= len(seat_ids) <= SEATS_MAX:
            raise InvalidValue("seat_ids", f"must name 1 to {SEATS_MAX} seats")
        if len(set(seat_ids)) != len(seat_ids):
            raise InvalidValue("seat_ids", "must not name a seat twice")
        return cls(reservation_id, user_id, idempotency_key, seat_ids, fingerprint_of(event_id, seat_ids))


@dataclass(frozen=True, slots=True)
class Confirm:
    """Sell the held seats to their buyer."""

    reservation_id: UUID
    user_id: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give the held seats back."""

    reservation_id: UUID
    user_id: str


@dataclass(frozen=True, slots=True)
class Expire:
    """Record the holds that have run out, at most `holds_max` of them beside those that other commands touch."""

    holds_max: int


Command: TypeAlias = Reserve | Confirm | Cancel | Expire


@value(frozen=True, slots=True)
class Done:
    """The command stands: it took effect, or had done so before."""

    reservation: Reservation
    version: int
    """Where the command took effect; where it had done so before, where that was read."""
    replayed: bool = False
    """An earlier request with the same key had made this reservation."""


@dataclass(frozen=True, slots=True)
class Expired:
    """Holds that have run out are recorded as ended."""

    holds: int
    version: int
    more: bool
    """There may be further ones: as many were found as were asked for."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The command has no effect."""

    refusal: Refusal


Outcome: TypeAlias = Done | Expired | Refused
