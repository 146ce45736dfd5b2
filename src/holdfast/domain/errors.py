"""Every refusal of the domain.

    Refusal
    ├── NotFound
    │   ├── EventNotFound
    │   ├── SeatNotFound
    │   ├── ReservationNotFound
    │   └── SeatsNotFound
    ├── Conflict
    │   ├── BookingClosed
    │   ├── SeatsUnavailable
    │   ├── HoldExpired
    │   ├── AlreadyCancelled
    │   ├── AlreadyConfirmed
    │   ├── SeatNumberTaken
    │   ├── SeatsExceedTotal
    │   └── EventHasConfirmedReservations
    ├── IdempotencyKeyReused
    └── InvalidValue

A refusal is expected: it carries a stable `code` and the data that explains it, never an HTTP status. `decide()`
returns refusals inside outcomes; the use cases raise them.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID


class Refusal(Exception):
    """The request is understood and may not be fulfilled. `str()` is a sentence for the caller."""

    code: ClassVar[str]

    def __init__(self, detail: str, **data: object) -> None:
        super().__init__(detail)
        self.data: dict[str, object] = data
        """Names and JSON-ready values that explain the refusal."""
        self.version: int | None = None
        """The event's version at which the refusal was true, where one event is concerned."""

    def at(self, version: int | None) -> "Refusal":
        """Note the event's version at which this refusal was true."""
        self.version = version
        return self


class NotFound(Refusal):
    """Something named in the request does not exist, or is not the caller's to see."""


class EventNotFound(NotFound):
    """No such event, or it was deleted."""

    code = "event_not_found"

    def __init__(self, event_id: UUID) -> None:
        super().__init__(f"There is no event {event_id}.", event_id=str(event_id))


class SeatNotFound(NotFound):
    """No such seat, or its event was deleted."""

    code = "seat_not_found"

    def __init__(self, seat_id: UUID) -> None:
        super().__init__(f"There is no seat {seat_id}.", seat_id=str(seat_id))


class ReservationNotFound(NotFound):
    """No such reservation of this caller; somebody else's answers the same."""

    code = "reservation_not_found"

    def __init__(self, reservation_id: UUID) -> None:
        super().__init__(f"There is no reservation {reservation_id}.", reservation_id=str(reservation_id))


class SeatsNotFound(NotFound):
    """Some wanted seats are not seats of the event."""

    code = "seats_not_found"

    def __init__(self, seat_ids: list[UUID]) -> None:
        names = [str(seat_id) for seat_id in seat_ids]
        super().__init__(f"Not seats of this event: {', '.join(names)}.", seat_ids=names)


class Conflict(Refusal):
    """The present state does not allow the request."""


class BookingClosed(Conflict):
    """The event has begun; nothing new can be held."""

    code = "booking_closed"

    def __init__(self, event_id: UUID, start_at: datetime) -> None:
        super().__init__(
            f"Booking closed when the event began, at {start_at.isoformat()}.",
            event_id=str(event_id),
            start_at=start_at.isoformat(),
        )


class SeatsUnavailable(Conflict):
    """Wanted seats are held or sold; nothing was held."""

    code = "seats_unavailable"

    def __init__(self, seat_ids: list[UUID]) -> None:
        names = [str(seat_id) for seat_id in seat_ids]
        super().__init__(f"Already taken: {', '.join(names)}. Nothing was held.", seat_ids=names)
        self.seat_ids = tuple(seat_ids)


class HoldExpired(Conflict):
    """The hold ran out before it was confirmed."""

    code = "hold_expired"

    def __init__(self, reservation_id: UUID) -> None:
        super().__init__(
            f"The hold of reservation {reservation_id} ran out before it was confirmed.",
            reservation_id=str(reservation_id),
        )


class AlreadyCancelled(Conflict):
    """The reservation was cancelled; it cannot be confirmed."""

    code = "already_cancelled"

    def __init__(self, reservation_id: UUID) -> None:
        super().__init__(f"Reservation {reservation_id} was cancelled.", reservation_id=str(reservation_id))


class AlreadyConfirmed(Conflict):
    """The reservation was confirmed; it cannot be cancelled."""

    code = "already_confirmed"

    def __init__(self, reservation_id: UUID) -> None:
        super().__init__(
            f"Reservation {reservation_id} is confirmed and cannot be cancelled.",
            reservation_id=str(reservation_id),
        )


class SeatNumberTaken(Conflict):
    """Seat numbers are unique in their event; none of the seats was added."""

    code = "seat_number_taken"

    NAMED_MAX = 100

    def __init__(self, seat_numbers: list[str]) -> None:
        named = seat_numbers[: self.NAMED_MAX]
        rest = len(seat_numbers) - len(named)
        more = f" and {rest} more" if rest else ""
        super().__init__(
            f"This event already has {', '.join(named)}{more}. No seat was added.",
            seat_numbers=named,
            seat_numbers_count=len(seat_numbers),
        )


class SeatsExceedTotal(Conflict):
    """The event would have more seats than its total."""

    code = "seats_exceed_total"

    def __init__(self, *, total_seats: int, seats: int) -> None:
        super().__init__(
            f"The event would have {seats} seats where its total is {total_seats}.",
            total_seats=total_seats,
            seats=seats,
        )


class EventHasConfirmedReservations(Conflict):
    """An event with sold seats cannot be deleted."""

    code = "event_has_confirmed_reservations"

    def __init__(self, confirmed_seats: int) -> None:
        super().__init__(
            f"{confirmed_seats} seats of this event are sold; it cannot be deleted.",
            confirmed_seats=confirmed_seats,
        )


class IdempotencyKeyReused(Refusal):
    """The caller used this key for other seats of this event before."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This idempotency_key was used for other seats of this event.")


class InvalidValue(Refusal):
    """A value breaks a rule; `field` names it as the caller wrote it."""

    code = "invalid_request"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}", field=field, problem=problem)
