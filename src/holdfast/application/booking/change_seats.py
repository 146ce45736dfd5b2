"""Give a hold other seats."""

from functools import partial
from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.hold_changes import require_hold_changes
from holdfast.application.booking.reserve import GATE_TRIES
from holdfast.application.booking.resolve import submit
from holdfast.domain.booking.commands import ChangeSeats, Done, Reserve
from holdfast.domain.booking.refusals import SeatsUnavailable
from holdfast.domain.refusal import Refusal


async def change_seats(
    booking: Booking,
    *,
    reservation_id: UUID,
    user_id: str,
    seat_ids: tuple[UUID, ...],
    beyond_limit: bool = False,
    uses_channels: bool = False,
) -> Done:
    """Give a hold exactly these seats, or leave it as it is.

    The shared read comes first: it says which of the seats the hold does not have yet. Only those go through the gate.

    Args:
        booking: What the use cases of booking share.
        reservation_id: The reservation.
        user_id: Its buyer.
        seat_ids: The seats that it is to have.
        beyond_limit: Whether the buyer may get more seats than the event sells to one buyer.
        uses_channels: Whether the seats of all channels are reached without a code.

    Raises:
        InvalidValue: if there are no seats, too many seats, or the same seat twice.
        UpgradeUnfinished: if older nodes may be running.
        ReservationNotFound: also for another caller's reservation.
        Refusal: any other that the contract lists, with the event's version at which it was true.
        Unavailable: see its `outcome`.
        ConnectionLost, Contended: if a read before the decision failed; nothing happened.
    """
    require_hold_changes(booking)
    wish = ChangeSeats.wish(
        change_id=booking.ids.new(),
        reservation_id=reservation_id,
        user_id=user_id,
        seat_ids=seat_ids,
        beyond_limit=beyond_limit,
        uses_channels=uses_channels,
    )
    event_id = await booking.directory.event_of(reservation_id, user_id=user_id)
    for _ in range(GATE_TRIES):
        added = await booking.shared_read.look_at_change(event_id, wish)
        if isinstance(added, Refusal):
            if isinstance(added, SeatsUnavailable):
                booking.taken_seats.remember(added.seat_ids, owner=None)
            raise added
        if not added:
            break
        locked = Reserve(wish.change_id, user_id, str(reservation_id), added, b"")
        if await booking.gate.acquire(event_id, locked):
            return await submit(booking, event_id, wish, on_finished=partial(booking.gate.release, locked))
    return await submit(booking, event_id, wish)
