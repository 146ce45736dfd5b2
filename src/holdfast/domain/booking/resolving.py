"""The rules for ending a hold: buying its seats, or giving them back."""

from datetime import datetime
from typing import assert_never

from holdfast.domain.booking.commands import Cancel, Confirm, Done, Outcome, Refused, Release
from holdfast.domain.booking.refusals import ReservationNotFound, SellerConfirms
from holdfast.domain.booking.states import CancelReason, ReservationStatus, Verb, next_status
from holdfast.domain.booking.working_state import WorkingState

_VERBS: dict[type[Confirm | Cancel | Release], Verb] = {
    Confirm: Verb.CONFIRM,
    Cancel: Verb.CANCEL,
    Release: Verb.RELEASE,
}


def expire_overdue(state: WorkingState, now: datetime) -> int:
    """Expire the loaded holds that have run out, those overdue the longest first, and return how many."""
    overdue = [reservation for reservation in state.reservations.values() if reservation.is_overdue(now)]
    overdue.sort(key=lambda reservation: (reservation.expires_at, reservation.id))
    for reservation in overdue:
        state.release(reservation, CancelReason.EXPIRED)
    return len(overdue)


def resolve(state: WorkingState, command: Confirm | Cancel | Release, now: datetime) -> Outcome:
    """Sell or release the hold, as the table of transitions allows.

    Whether the seller has to confirm matters only for what would become a sale now. What is already sold is returned to
    its buyer too: they may have bought it before the event was edited, in a COMMIT whose answer was lost.
    """
    reservation = state.reservations.get(command.reservation_id)
    if reservation is None or not (isinstance(command, Release) or reservation.user_id == command.user_id):
        return Refused(ReservationNotFound(command.reservation_id))
    step = next_status(reservation.status, reservation.cancel_reason, _VERBS[type(command)])
    if not isinstance(step, ReservationStatus):
        return Refused(step(reservation.id).at(state.version))
    if step is reservation.status:
        return Done(reservation, state.version)
    match command:
        case Confirm():
            if state.seller_confirms and not command.by_seller:
                return Refused(SellerConfirms(reservation.id).at(state.version))
            changed = state.sell(reservation, now=now)
        case Cancel():
            changed = state.release(reservation, CancelReason.USER)
        case Release():
            changed = state.release(reservation, CancelReason.SELLER)
            if command.entry is not None:
                state.audit.append(command.entry)
        case _:
            assert_never(command)
    return Done(changed, state.version)
