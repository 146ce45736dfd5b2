"""The one function that sells every seat.

`decide()` takes an event's current state, the commands of a batch in order, and the time. It returns an outcome for
each command and the changes to store. It reads no clock and does no I/O, so the same arguments always lead to the same
decision.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from holdfast.domain.booking.commands import Cancel, Command, Confirm, Done, Expire, Expired, Outcome, Refused, Reserve
from holdfast.domain.booking.refusals import (
    BookingClosed,
    IdempotencyKeyReused,
    PurchaseLimitReached,
    ReservationNotFound,
    SeatsNotFound,
    SeatsUnavailable,
)
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.snapshot import Decision, Snapshot
from holdfast.domain.booking.states import CancelReason, ReservationStatus, Verb, next_status
from holdfast.domain.booking.working_state import WorkingState
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.domain.refusal import Refusal


def decide(snapshot: Snapshot, commands: Sequence[Command], now: datetime, *, hold: timedelta) -> Decision:
    """Decide a batch of commands of one event.

    Args:
        snapshot: The event, closed over what the commands can touch (see `Snapshot`).
        commands: In the order in which they take effect.
        now: The database's time, read after the event was locked.
        hold: How long a new hold lasts.

    Returns:
        One outcome per command, and the netted changes. Holds that have run out are expired first; that is stored even
        if every command is refused.
    """
    if snapshot.event is None:
        return Decision([_refuse_without_event(snapshot, command) for command in commands], None)
    state = WorkingState(snapshot.event, snapshot)
    expired = _expire_overdue(state, now)
    outcomes = [_decide_one(state, command, now, hold=hold, expired=expired) for command in commands]
    return Decision(outcomes, state.net(now))


def foresee(snapshot: Snapshot, wishes: Sequence[Reserve], now: datetime) -> list[Reservation | Refusal | None]:
    """Check requests against an unlocked read, without deciding them.

    Args:
        snapshot: The event, read without a lock.
        wishes: The buyers' requests.
        now: The database's time at that read.

    Returns:
        One entry per request: the reservation that its key has already made, or the refusal that was true at the
        snapshot's version, or None if all its seats were free.
    """
    if snapshot.event is None:
        return [EventNotFound(snapshot.event_id) for _ in wishes]
    state = WorkingState(snapshot.event, snapshot)
    _expire_overdue(state, now)
    found = [_examine(state, wish, now) for wish in wishes]
    return [seen.at(snapshot.event.version) if isinstance(seen, Refusal) else seen for seen in found]


def _refuse_without_event(snapshot: Snapshot, command: Command) -> Outcome:
    match command:
        case Confirm() | Cancel():
            return Refused(ReservationNotFound(command.reservation_id))
        case Reserve() | Expire():
            return Refused(EventNotFound(snapshot.event_id))
        case _:
            assert_never(command)


def _expire_overdue(state: WorkingState, now: datetime) -> int:
    overdue = [reservation for reservation in state.reservations.values() if reservation.is_overdue(now)]
    overdue.sort(key=lambda reservation: (reservation.expires_at, reservation.id))
    for reservation in overdue:
        state.release(reservation, CancelReason.EXPIRED)
    return len(overdue)


def _decide_one(state: WorkingState, command: Command, now: datetime, *, hold: timedelta, expired: int) -> Outcome:
    match command:
        case Reserve():
            return _reserve(state, command, now, hold)
        case Confirm():
            return _resolve(state, command, Verb.CONFIRM, now)
        case Cancel():
            return _resolve(state, command, Verb.CANCEL, now)
        case Expire():
            return Expired(expired, state.version, more=expired >= command.holds_max)
        case _:
            assert_never(command)


def _reserve(state: WorkingState, command: Reserve, now: datetime, hold: timedelta) -> Outcome:
    found = _examine(state, command, now)
    if isinstance(found, Refusal):
        return Refused(found.at(state.version))
    if found is not None:
        own = found.id == command.reservation_id
        return Done(found, found.created_version if own else state.version, replayed=not own)
    reservation = state.hold(command, now=now, expires_at=now + hold)
    return Done(reservation, state.version)


def _examine(state: WorkingState, wish: Reserve, now: datetime) -> Reservation | Refusal | None:
    """Check a request in the contract's order: key, event, opening, seats exist, limit, seats are free."""
    prior = state.by_key.get((wish.user_id, wish.idempotency_key))
    if prior is not None:
        return prior if prior.fingerprint == wish.fingerprint else IdempotencyKeyReused()
    if state.deleted or not (state.published or wish.sees_drafts):
        return EventNotFound(state.event_id)
    if now >= state.start_at:
        return BookingClosed(state.event_id, state.start_at)
    return _refusal_of_seats(state, wish)


def _refusal_of_seats(state: WorkingState, wish: Reserve) -> Refusal | None:
    unknown = [seat_id for seat_id in wish.seat_ids if seat_id not in state.prices]
    if unknown:
        return SeatsNotFound(unknown)
    limit = state.max_seats_per_buyer
    if limit is not None and (have := state.seats_of(wish.user_id)) + len(wish.seat_ids) > limit:
        return PurchaseLimitReached(limit=limit, have=have, wanted=len(wish.seat_ids))
    taken = [seat_id for seat_id in wish.seat_ids if seat_id in state.claims]
    if taken:
        return SeatsUnavailable(taken)
    return None


def _resolve(state: WorkingState, command: Confirm | Cancel, verb: Verb, now: datetime) -> Outcome:
    reservation = state.reservations.get(command.reservation_id)
    if reservation is None or reservation.user_id != command.user_id:
        return Refused(ReservationNotFound(command.reservation_id))
    step = next_status(reservation.status, reservation.cancel_reason, verb)
    if not isinstance(step, ReservationStatus):
        return Refused(step(reservation.id).at(state.version))
    if step is reservation.status:
        return Done(reservation, state.version)
    if step is ReservationStatus.CONFIRMED:
        changed = state.sell(reservation, now=now)
    else:
        changed = state.release(reservation, CancelReason.USER)
    return Done(changed, state.version)
