"""Sell held seats to their buyer."""

from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.resolve import resolve
from holdfast.domain.booking.commands import Confirm, Done


async def confirm(booking: Booking, *, reservation_id: UUID, user_id: str, by_seller: bool = False) -> Done:
    """Sell held seats to their buyer. Confirming again succeeds and changes nothing.

    Args:
        booking: What the use cases of booking share.
        reservation_id: The reservation.
        user_id: Its buyer.
        by_seller: Whether the caller may confirm it where only the seller confirms.

    Raises:
        ReservationNotFound: also for another caller's reservation.
        Conflict: if the hold has run out or the reservation was cancelled.
        SellerConfirms: if only the seller may turn this hold into a sale. That is decided under the event's lock.
        Unavailable: see its `outcome`.
        ConnectionLost, Contended: if the reservation could not be looked up; nothing happened.
    """
    return await resolve(booking, Confirm(reservation_id, user_id, by_seller))
