"""Release held seats as the seller."""

from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.hold_changes import require_hold_changes
from holdfast.application.booking.resolve import submit
from holdfast.domain.booking.commands import Done, Release
from holdfast.domain.identity.audit import Act, Actor, AuditEntry


async def release(
    booking: Booking,
    *,
    event_id: UUID,
    reservation_id: UUID,
    actor: Actor,
    organiser_id: UUID | None,
    reason: str | None,
) -> Done:
    """End a hold of an event, whoever its buyer is. A reservation that was cancelled stays as it is.

    Args:
        booking: What the use cases of booking share.
        event_id: The event.
        reservation_id: A reservation of this event.
        actor: Who releases it, for the audit.
        organiser_id: The event's organiser, whose members may read that.
        reason: Why, in a few words for the audit.

    Raises:
        UpgradeUnfinished: if older nodes may be running.
        ReservationNotFound: if the event has no such reservation.
        AlreadyConfirmed: if it was confirmed.
        Unavailable: see its `outcome`.
    """
    require_hold_changes(booking)
    act = Act(
        verb="release",
        kind="reservation",
        thing_id=str(reservation_id),
        organiser_id=organiser_id,
        details={"event_id": str(event_id)} if reason is None else {"event_id": str(event_id), "reason": reason},
    )
    entry = AuditEntry(id=booking.ids.new(), actor=actor, act=act)
    return await submit(booking, event_id, Release(reservation_id, entry))
