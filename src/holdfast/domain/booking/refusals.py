"""The reasons for refusing a reservation, or what is asked of one.

NotFound
├── ReservationNotFound
└── SeatsNotFound
Conflict
├── SaleNotOpen
├── BookingClosed
├── AreaByCount
├── CompanionAlone
├── PurchaseLimitReached
├── SeatsUnavailable
├── NotEnoughSeats
├── NotTogether
├── HoldExpired
├── AlreadyCancelled
├── AlreadyConfirmed
├── HoldChanged
├── ExtensionLimitReached
└── ReholdTooSoon
IdempotencyKeyReused
SellerConfirms
TooManyHolds
TooManyTries
"""

from datetime import UTC, datetime
from uuid import UUID

from holdfast.domain.refusal import Conflict, NotFound, Refusal


class ReservationNotFound(NotFound):
    """The caller has no such reservation. A reservation of another caller is refused in the same way."""

    code = "reservation_not_found"

    def __init__(self, reservation_id: UUID) -> None:
        super().__init__(f"There is no reservation {reservation_id}.", reservation_id=str(reservation_id))


class SeatsNotFound(NotFound):
    """Some of the requested seats do not belong to the event."""

    code = "seats_not_found"

    def __init__(self, seat_ids: list[UUID]) -> None:
        names = [str(seat_id) for seat_id in seat_ids]
        super().__init__(f"Not seats of this event: {', '.join(names)}.", seat_ids=names)


class SaleNotOpen(Conflict):
    """The sale has not opened yet, so no holds are accepted."""

    code = "sale_not_open"

    def __init__(self, event_id: UUID, opens_at: datetime) -> None:
        super().__init__(
            f"The sale of this event opens at {_utc(opens_at)}.", event_id=str(event_id), opens_at=_utc(opens_at)
        )


class BookingClosed(Conflict):
    """The sale has closed, at the latest when the event started, so no new holds are accepted."""

    code = "booking_closed"

    def __init__(self, event_id: UUID, start_at: datetime, sale_closes_at: datetime | None = None) -> None:
        closed_at = start_at if sale_closes_at is None else min(start_at, sale_closes_at)
        why = "when the event began, " if closed_at == start_at else ""
        super().__init__(
            f"Booking closed {why}at {_utc(closed_at)}.",
            event_id=str(event_id),
            start_at=_utc(start_at),
            closed_at=_utc(closed_at),
        )


class AreaByCount(Conflict):
    """Some of the requested seats are places of an area, which are sold by count. Nothing was held."""

    code = "area_by_count"

    def __init__(self, seat_ids: list[UUID]) -> None:
        names = [str(seat_id) for seat_id in seat_ids]
        super().__init__(
            f"Places of an area for general admission, which are sold by count (best_available): {', '.join(names)}. "
            "Nothing was held.",
            seat_ids=names,
        )


class CompanionAlone(Conflict):
    """Some of the requested seats are sold only together with the accessible seat beside them. Nothing was held."""

    code = "companion_alone"

    def __init__(self, seat_ids: list[UUID]) -> None:
        names = [str(seat_id) for seat_id in seat_ids]
        super().__init__(
            f"Sold only together with their accessible seat: {', '.join(names)}. Nothing was held.", seat_ids=names
        )


class PurchaseLimitReached(Conflict):
    """The buyer would have more seats of the event than it sells to one buyer. Nothing was held."""

    code = "purchase_limit_reached"

    def __init__(self, *, limit: int, have: int, wanted: int) -> None:
        super().__init__(
            f"A buyer may have {limit} seats of this event: you have {have} and asked for {wanted}. Nothing was held.",
            limit=limit,
            have=have,
            wanted=wanted,
        )


class SeatsUnavailable(Conflict):
    """Some of the requested seats are held or sold. None of them was held."""

    code = "seats_unavailable"

    def __init__(self, seat_ids: list[UUID]) -> None:
        names = [str(seat_id) for seat_id in seat_ids]
        super().__init__(f"Already taken: {', '.join(names)}. Nothing was held.", seat_ids=names)
        self.seat_ids = tuple(seat_ids)


class NotEnoughSeats(Conflict):
    """Fewer free seats fit the request than it asks for. None of them was held."""

    code = "not_enough_seats"

    def __init__(self, *, left: int, wanted: int) -> None:
        super().__init__(
            f"{left} free seats fit the request, and it asks for {wanted}. Nothing was held.", left=left, wanted=wanted
        )


class NotTogether(Conflict):
    """Enough free seats fit the request, but nowhere next to each other. None of them was held."""

    code = "not_together"

    def __init__(self, wanted: int) -> None:
        super().__init__(f"There are no {wanted} free seats next to each other. Nothing was held.", wanted=wanted)


class HoldExpired(Conflict):
    """The hold ran out before it was confirmed."""

    code = "hold_expired"

    def __init__(self, reservation_id: UUID) -> None:
        super().__init__(
            f"The hold of reservation {reservation_id} ran out before it was confirmed.",
            reservation_id=str(reservation_id),
        )


class AlreadyCancelled(Conflict):
    """The reservation was cancelled, so it can neither be confirmed nor changed."""

    code = "already_cancelled"

    def __init__(self, reservation_id: UUID) -> None:
        super().__init__(f"Reservation {reservation_id} was cancelled.", reservation_id=str(reservation_id))


class AlreadyConfirmed(Conflict):
    """The reservation was confirmed, so it can be neither cancelled nor changed."""

    code = "already_confirmed"

    def __init__(self, reservation_id: UUID) -> None:
        super().__init__(
            f"Reservation {reservation_id} is confirmed. It can be neither cancelled nor changed.",
            reservation_id=str(reservation_id),
        )


class HoldChanged(Conflict):
    """The caller expects the hold to end later than it does."""

    code = "hold_changed"

    def __init__(self, reservation_id: UUID, expires_at: datetime) -> None:
        super().__init__(
            f"The hold of reservation {reservation_id} ends earlier than you say, at {expires_at.isoformat()}.",
            reservation_id=str(reservation_id),
            expires_at=expires_at.isoformat(),
        )


class ExtensionLimitReached(Conflict):
    """The hold cannot end any later than it does."""

    code = "extension_limit_reached"

    def __init__(self, reservation_id: UUID, expires_at: datetime) -> None:
        super().__init__(
            f"The hold of reservation {reservation_id} cannot be extended beyond {expires_at.isoformat()}.",
            reservation_id=str(reservation_id),
            expires_at=expires_at.isoformat(),
        )


class IdempotencyKeyReused(Refusal):
    """The caller has already used this key for other seats of this event."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This idempotency_key was used for other seats of this event.")


class SellerConfirms(Refusal):
    """Reservations of this event are confirmed by its seller, not by their buyers."""

    code = "seller_confirms"

    def __init__(self, reservation_id: UUID) -> None:
        super().__init__(
            f"Reservation {reservation_id} is confirmed by the seller of the event, not by its buyer.",
            reservation_id=str(reservation_id),
        )


class TooManyHolds(Refusal):
    """The caller's address has made as many new holds as it may for now."""

    code = "too_many_holds"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"Too many new holds from this address; the next is possible in {retry_after_seconds} seconds.",
            retry_after_seconds=retry_after_seconds,
        )


class TooManyTries(Refusal):
    """Too many wrong access codes for this event came from the caller's address. For a while none is accepted."""

    code = "too_many_tries"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"Too many wrong access codes from this address; the next is possible in {retry_after_seconds} seconds.",
            retry_after_seconds=retry_after_seconds,
        )


class ReholdTooSoon(Conflict):
    """The buyer let holds of this event go too often, and has to wait before holding seats in it again."""

    code = "rehold_too_soon"

    def __init__(self, event_id: UUID, retry_after_seconds: int) -> None:
        super().__init__(
            f"You let several holds of this event go; the next is possible in {retry_after_seconds} seconds.",
            event_id=str(event_id),
            retry_after_seconds=retry_after_seconds,
        )


def _utc(time: datetime) -> str:
    """Write a time as bodies do."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
