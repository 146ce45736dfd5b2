"""Sell held seats to their buyer."""

from uuid import UUID

from holdfast.application.desk import Desk
from holdfast.application.resolve import resolve
from holdfast.domain.commands import Confirm, Done


async def confirm(desk: Desk, *, reservation_id: UUID, user_id: str) -> Done:
    """Sell held seats to their buyer; once done it may be asked again, and changes nothing.

    Raises:
        ReservationNotFound: also for somebody else's.
        Conflict: for a hold that ran out, or a reservation that was cancelled.
        Unavailable: see its `outcome`.
        ConnectionLost, Contended: when the reservation could not be looked up; nothing happened.
    """
    return await resolve(desk, Confirm(reservation_id, user_id))
