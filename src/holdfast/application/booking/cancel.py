"""Release held seats."""

from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.resolve import resolve
from holdfast.domain.booking.commands import Cancel, Done


async def cancel(booking: Booking, *, reservation_id: UUID, user_id: str) -> Done:
    """Release held seats. Cancelling again succeeds and changes nothing.

    Raises:
        ReservationNotFound: also for another caller's reservation.
        Conflict: if the reservation was confirmed.
        Unavailable: see its `outcome`.
        ConnectionLost, Contended: if the reservation could not be looked up; nothing happened.
    """
    return await resolve(booking, Cancel(reservation_id, user_id))
