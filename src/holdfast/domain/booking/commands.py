"""The commands that act on one event's seats, and their outcomes."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from holdfast.domain.booking.choosing.wish import BestAvailable
from holdfast.domain.booking.reservation import SEATS_MAX, Reservation, fingerprint_of
from holdfast.domain.identity.audit import AuditEntry
from holdfast.domain.refusal import InvalidValue, Refusal
from holdfast.domain.value import value


@value(frozen=True, slots=True)
class Reserve:
    """Hold every requested seat for this buyer, or none of them."""

    reservation_id: UUID
    """Made once per request. A stored reservation with this id was therefore committed by this very request."""
    user_id: str
    idempotency_key: str
    seat_ids: tuple[UUID, ...]
    """The requested seats; empty if the choice is left to us."""
    fingerprint: bytes
    sees_drafts: bool = False
    """Whether the event may be one that is not published."""
    beyond_limit: bool = False
    """Whether the buyer may get more seats than the event sells to one buyer, as from the box office. They still count
    as theirs. Places of an area may then be named, too."""
    code_digest: bytes | None = None
    """Of the access code in the request, if it names one (`channels.digest_of`). The fingerprint does not cover it."""
    uses_channels: bool = False
    """Whether the seats of all channels are reached without a code."""
    best: BestAvailable | None = None
    """How many seats, and where, if the choice is left to us."""

    @property
    def count(self) -> int:
        """The number of seats."""
        return len(self.seat_ids) if self.best is None else self.best.count

    @classmethod
    def wish(
        cls,
        *,
        reservation_id: UUID,
        event_id: UUID,
        user_id: str,
        idempotency_key: str,
        seat_ids: tuple[UUID, ...] = (),
        best: BestAvailable | None = None,
        sees_drafts: bool = False,
        beyond_limit: bool = False,
        code_digest: bytes | None = None,
        uses_channels: bool = False,
    ) -> "Reserve":
        """Build the command from a buyer's request, which either names seats or leaves the choice to us.

        Raises:
            InvalidValue: if there are no seats, too many seats, or the same seat twice.
        """
        if best is None:
            _require_seats(seat_ids)
            fingerprint = fingerprint_of(event_id, seat_ids)
        else:
            seat_ids, fingerprint = (), best.fingerprint(event_id)
        return cls(
            reservation_id,
            user_id,
            idempotency_key,
            seat_ids,
            fingerprint,
            sees_drafts,
            beyond_limit,
            code_digest,
            uses_channels,
            best,
        )


@dataclass(frozen=True, slots=True)
class Confirm:
    """Sell the held seats to their buyer."""

    reservation_id: UUID
    user_id: str
    by_seller: bool = False
    """Whether the caller may sell where only the seller confirms."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Release the held seats."""

    reservation_id: UUID
    user_id: str


@dataclass(frozen=True, slots=True)
class Extend:
    """Let a hold end later."""

    change_id: UUID
    """Made once per request. A log entry with this id was therefore written by this very request."""
    reservation_id: UUID
    user_id: str
    known_expires_at: datetime
    """The end that the caller knows. A hold that ends later than this has been extended already."""


@dataclass(frozen=True, slots=True)
class ChangeSeats:
    """Give a hold exactly these seats, or leave it as it is."""

    change_id: UUID
    """As in `Extend`."""
    reservation_id: UUID
    user_id: str
    seat_ids: tuple[UUID, ...]
    beyond_limit: bool = False
    uses_channels: bool = False
    """These two as in `Reserve`."""

    @property
    def count(self) -> int:
        """The number of seats."""
        return len(self.seat_ids)

    @classmethod
    def wish(
        cls,
        *,
        change_id: UUID,
        reservation_id: UUID,
        user_id: str,
        seat_ids: tuple[UUID, ...],
        beyond_limit: bool = False,
        uses_channels: bool = False,
    ) -> "ChangeSeats":
        """Build the command from a buyer's request.

        Raises:
            InvalidValue: if there are no seats, too many seats, or the same seat twice.
        """
        _require_seats(seat_ids)
        return cls(change_id, reservation_id, user_id, seat_ids, beyond_limit, uses_channels)

    def added_to(self, reservation: Reservation) -> tuple[UUID, ...]:
        """Return the requested seats that a hold does not have."""
        held = frozenset(reservation.seat_ids)
        return tuple([seat_id for seat_id in self.seat_ids if seat_id not in held])


@dataclass(frozen=True, slots=True)
class Release:
    """Release the held seats, as the seller."""

    reservation_id: UUID
    entry: AuditEntry | None = None
    """What the audit says of it, if it takes effect."""


@dataclass(frozen=True, slots=True)
class Expire:
    """Record expired holds: at most `holds_max`, in addition to those that other commands in the batch touch."""

    holds_max: int


def _require_seats(seat_ids: tuple[UUID, ...]) -> None:
    if not 1 <= len(seat_ids) <= SEATS_MAX:
        raise InvalidValue("seat_ids", f"must name 1 to {SEATS_MAX} seats")
    if len(set(seat_ids)) != len(seat_ids):
        raise InvalidValue("seat_ids", "must not name a seat twice")


OfReservation: TypeAlias = Confirm | Cancel | Extend | ChangeSeats | Release
"""The commands about an existing reservation."""

Command: TypeAlias = Reserve | OfReservation | Expire


@value(frozen=True, slots=True)
class Done:
    """The command took effect, either now or on an earlier attempt."""

    reservation: Reservation
    version: int
    """The event's version at which the command took effect. If an earlier attempt had already carried it out, the
    version at which that was read."""
    replayed: bool = False
    """The reservation was made by an earlier request with the same key."""


@dataclass(frozen=True, slots=True)
class Expired:
    """Holds that had run out were recorded as expired."""

    holds: int
    version: int
    more: bool
    """There may be more to expire: as many were found as were asked for."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The command was refused and changed nothing."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Postponed:
    """The command was not decided. It changed nothing, and has to be submitted again.

    Seats could not be chosen: which ones are free has to be loaded first, or more holds have to expire first.
    """

    load: bool
    """Whether the event's free seats have to be loaded."""


Outcome: TypeAlias = Done | Expired | Refused | Postponed
