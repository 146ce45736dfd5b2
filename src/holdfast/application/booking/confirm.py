"""Sell held seats to their buyer."""

from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.resolve import resolve
from holdfast.domain.booking.commands import Confirm, Done


async def confirm(booking: Booking, *, reservation_id: UUID, user_id: str) -> Done:
    """Sell held seats to their buyer. Confirming again succeeds and changes nothing.

    Raises:
        ReservationNotFound: also for another caller's reservation.
        Conflict: if the hold has run out or the reservation was cancelled.
        Unavailable: see its `outcome`.
        ConnectionLost, Contended: if the reservation could not be looked up; nothing happened.
    """
    return await resolve(booking, Confirm(reservation_id, user_id))
