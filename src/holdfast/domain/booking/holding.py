"""The rules for a new hold."""

from datetime import datetime, timedelta

from holdfast.domain.booking.checks import (
    area_named,
    booking_over,
    companions_alone,
    event_unseen,
    limit_passed,
    sale_unopened,
    seats_taken,
    seats_unknown,
)
from holdfast.domain.booking.commands import Done, Outcome, Refused, Reserve
from holdfast.domain.booking.refusals import IdempotencyKeyReused
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.working_state import WorkingState
from holdfast.domain.refusal import Refusal


def reserve(state: WorkingState, command: Reserve, now: datetime, hold: timedelta) -> Outcome:
    """Hold every requested seat, or return what the key has already made, or refuse."""
    found = examine(state, command, now)
    if isinstance(found, Refusal):
        return Refused(found.at(state.version))
    if found is not None:
        own = found.id == command.reservation_id
        return Done(found, found.created_version if own else state.version, replayed=not own)
    reservation = state.hold(command, now=now, expires_at=now + hold)
    return Done(reservation, state.version)


def examine(state: WorkingState, wish: Reserve, now: datetime) -> Reservation | Refusal | None:
    """Check a request in the contract's order, which is the order below.

    Returns:
        The reservation that the request's key has already made, the first refusal, or None if the seats can be held.
    """
    prior = state.by_key.get((wish.user_id, wish.idempotency_key))
    if prior is not None:
        return prior if prior.fingerprint == wish.fingerprint else IdempotencyKeyReused()
    return (
        event_unseen(state, sees_drafts=wish.sees_drafts)
        or sale_unopened(state, now)
        or booking_over(state, now)
        or seats_unknown(state, wish.seat_ids)
        or (None if wish.beyond_limit else area_named(state, wish.seat_ids))
        or companions_alone(state, wish.seat_ids)
        or (None if wish.beyond_limit else limit_passed(state, wish.user_id, wanted=len(wish.seat_ids)))
        or seats_taken(state, wish.seat_ids, code_digest=wish.code_digest, uses_channels=wish.uses_channels)
    )
