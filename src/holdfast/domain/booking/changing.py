"""The rules for changing a live hold: a later end, other seats."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.domain.booking.checks import (
    area_named,
    booking_over,
    companions_alone,
    limit_passed,
    seats_taken,
    seats_unknown,
)
from holdfast.domain.booking.commands import ChangeSeats, Done, Extend, Outcome, Refused
from holdfast.domain.booking.refusals import ExtensionLimitReached, HoldChanged, ReservationNotFound
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.states import ReservationStatus, Verb, next_status
from holdfast.domain.booking.working_state import WorkingState
from holdfast.domain.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """How far holds can be extended."""

    count_max: int = 2
    total_max: timedelta = timedelta(minutes=45)
    """How long after its creation a hold can end at the latest."""


USUAL_EXTENSIONS = Extensions()


def extend(state: WorkingState, command: Extend, now: datetime, hold: timedelta, extensions: Extensions) -> Outcome:
    """Let the hold last as long again as a new one, within the limits; never shorten it."""
    found = _live_hold(state, command, Verb.EXTEND)
    if isinstance(found, Refusal):
        return Refused(found.at(state.version))
    if found.expires_at > command.known_expires_at or command.change_id in state.logged_changes:
        return Done(found, state.version)
    if found.expires_at < command.known_expires_at:
        return Refused(HoldChanged(found.id, found.expires_at).at(state.version))
    expires_at = min(now + hold, found.created_at + extensions.total_max)
    if found.extensions >= extensions.count_max or expires_at <= found.expires_at:
        return Refused(ExtensionLimitReached(found.id, found.expires_at).at(state.version))
    return Done(state.extend(found, expires_at=expires_at, change_id=command.change_id), state.version)


def change_seats(state: WorkingState, command: ChangeSeats, now: datetime) -> Outcome:
    """Give the hold exactly the requested seats, or refuse and leave it as it is."""
    found = examine_change(state, command, now)
    if isinstance(found, Refusal):
        return Refused(found.at(state.version))
    if command.change_id in state.logged_changes or _has_the_seats(found, command):
        return Done(found, state.version)
    return Done(state.change_seats(found, command), state.version)


def examine_change(state: WorkingState, command: ChangeSeats, now: datetime) -> Reservation | Refusal:
    """Check a request for other seats in the contract's order, which is the order below.

    Returns:
        The first refusal, or the reservation. It can be given the seats unless it has them, or an earlier attempt gave
        them to it.
    """
    found = _live_hold(state, command, Verb.CHANGE_SEATS)
    if isinstance(found, Refusal) or command.change_id in state.logged_changes or _has_the_seats(found, command):
        return found
    added = command.added_to(found)
    more = len(command.seat_ids) - len(found.seat_ids)
    return (
        booking_over(state, now)
        or seats_unknown(state, command.seat_ids)
        or (None if command.beyond_limit else area_named(state, added))
        or companions_alone(state, command.seat_ids)
        or (None if command.beyond_limit else limit_passed(state, found.user_id, wanted=more))
        or seats_taken(state, added, uses_channels=command.uses_channels)
        or found
    )


def _has_the_seats(reservation: Reservation, command: ChangeSeats) -> bool:
    return len(reservation.seat_ids) == len(command.seat_ids) and set(reservation.seat_ids) == set(command.seat_ids)


def _live_hold(state: WorkingState, command: Extend | ChangeSeats, verb: Verb) -> Reservation | Refusal:
    """Return the caller's hold, or why it can no longer be changed.

    What an earlier attempt of this very request has changed is returned whatever became of it since.
    """
    reservation = state.reservations.get(command.reservation_id)
    if reservation is None or reservation.user_id != command.user_id:
        return ReservationNotFound(command.reservation_id)
    step = next_status(reservation.status, reservation.cancel_reason, verb)
    if isinstance(step, ReservationStatus) or command.change_id in state.logged_changes:
        return reservation
    return step(reservation.id)
