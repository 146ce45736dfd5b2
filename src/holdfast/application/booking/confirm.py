"""Sell held seats to their buyer."""

from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.resolve import resolve
from holdfast.domain.booking.commands import Confirm, Done


async def confirm(booking: Booking, *, reservation_id: UUID, user_id: str) -> Done:
    """Sell held seats to their buyer; once done it may be asked again, and changes nothing.

    Raises:
        ReservationNotFound: also for somebody else's.
        Conflict: for a hold that ran out, or a reservation that was cancelled.
        Unavailable: see its `outcome`.
        ConnectionLost, Contended: when the reservation could not be looked up; nothing happened.
    """
    return await resolve(booking, Confirm(reservation_id, user_id))
