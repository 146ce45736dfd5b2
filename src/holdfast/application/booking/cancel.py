"""Give held seats back."""

from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.resolve import resolve
from holdfast.domain.booking.commands import Cancel, Done


async def cancel(booking: Booking, *, reservation_id: UUID, user_id: str) -> Done:
    """Give held seats back; once done it may be asked again, and changes nothing.

    Raises:
        ReservationNotFound: also for somebody else's.
        Conflict: for a reservation that was confirmed.
        Unavailable: see its `outcome`.
        ConnectionLost, Contended: when the reservation could not be looked up; nothing happened.
    """
    return await resolve(booking, Cancel(reservation_id, user_id))
