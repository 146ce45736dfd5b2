"""Let a hold end later."""

from datetime import datetime
from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.hold_changes import require_hold_changes
from holdfast.application.booking.resolve import resolve
from holdfast.domain.booking.commands import Done, Extend


async def extend(booking: Booking, *, reservation_id: UUID, user_id: str, known_expires_at: datetime) -> Done:
    """Let a hold last as long again as a new one, within the limits. A hold that ends later already stays as it is.

    Args:
        booking: What the use cases of booking share.
        reservation_id: The reservation.
        user_id: Its buyer.
        known_expires_at: The end that the caller knows. So the same request sent again extends the hold only once.

    Raises:
        UpgradeUnfinished: if older nodes may be running.
        ReservationNotFound: also for another caller's reservation.
        Conflict: if the reservation has ended, ends earlier than that, or cannot end any later than it does.
        Unavailable: see its `outcome`.
        ConnectionLost, Contended: if the reservation could not be looked up; nothing happened.
    """
    require_hold_changes(booking)
    return await resolve(booking, Extend(booking.ids.new(), reservation_id, user_id, known_expires_at))
