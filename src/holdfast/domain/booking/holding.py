"""The rules for a new hold."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from holdfast.domain.booking import refusals
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
from holdfast.domain.booking.choosing.choose import Chosen, TooFew, choose
from holdfast.domain.booking.choosing.wish import BestAvailable
from holdfast.domain.booking.commands import Done, Outcome, Postponed, Refused, Reserve
from holdfast.domain.booking.refusals import IdempotencyKeyReused
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.working_state import WorkingState
from holdfast.domain.refusal import InvalidValue, Refusal


def reserve(state: WorkingState, command: Reserve, now: datetime, hold: timedelta) -> Outcome:
    """Hold every requested seat, or return what the key has already made, or refuse."""
    found = examine(state, command, now)
    if isinstance(found, Refusal):
        return Refused(found.at(state.version))
    if found is not None:
        own = found.id == command.reservation_id
        return Done(found, found.created_version if own else state.version, replayed=not own)
    if command.best is not None:
        chosen = _choose(state, command, command.best)
        if not isinstance(chosen, tuple):
            return chosen
        command = replace(command, seat_ids=chosen)
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
        or (None if wish.beyond_limit else limit_passed(state, wish.user_id, wanted=wish.count))
        or seats_taken(state, wish.seat_ids, code_digest=wish.code_digest, uses_channels=wish.uses_channels)
    )


def _choose(state: WorkingState, command: Reserve, best: BestAvailable) -> tuple[UUID, ...] | Refused | Postponed:
    """Choose the best of the seats that are free at this point of the batch.

    Nothing is refused for lack of seats as long as holds that have run out, but are not loaded, may have some, or a
    channel was opened just now: its companion seats may be sold without their accessible seats from then on, and the
    free seats have to be loaded again to know them.
    """
    free = state.free_seats
    if free is None:
        return Postponed(load=True)
    try:
        choice = choose(free, best, barred=_barred(state, command))
    except InvalidValue as invalid:
        return Refused(invalid.at(state.version))
    if isinstance(choice, Chosen):
        seat_ids = state.learn_seats(choice.places)
        # A claim on a seat that is said to be free: what is said is wrong.
        return seat_ids if state.claims.keys().isdisjoint(seat_ids) else Postponed(load=True)
    if state.has_opened_channels:
        return Postponed(load=True)
    if state.more_overdue:
        return Postponed(load=False)
    refusal: Refusal = refusals.NotTogether(best.count)
    if isinstance(choice, TooFew):
        refusal = refusals.NotEnoughSeats(left=choice.left, wanted=best.count)
    return Refused(refusal.at(state.version))


def _barred(state: WorkingState, command: Reserve) -> Collection[str]:
    """Return the channels whose seats the request does not reach."""
    if state.channels is None or command.uses_channels:
        return ()
    return state.channels.closed_to(command.code_digest)
