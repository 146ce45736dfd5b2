"""The one function that sells every seat.

`decide()` takes an event's current state, the commands of a batch in order, and the time. It returns an outcome for
each command and the changes to store. It reads no clock and does no I/O, so the same arguments always lead to the same
decision. The rules of the commands are in `holding`, `changing` and `resolving`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from holdfast.domain.booking.changing import USUAL_EXTENSIONS, Extensions, change_seats, examine_change, extend
from holdfast.domain.booking.commands import (
    Cancel,
    ChangeSeats,
    Command,
    Confirm,
    Expire,
    Expired,
    Extend,
    Outcome,
    Refused,
    Release,
    Reserve,
)
from holdfast.domain.booking.holding import examine, reserve
from holdfast.domain.booking.refusals import ReservationNotFound
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.resolving import expire_overdue, resolve
from holdfast.domain.booking.snapshot import Decision, EventState, Snapshot
from holdfast.domain.booking.working_state import WorkingState
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.domain.refusal import Refusal


def decide(
    snapshot: Snapshot,
    commands: Sequence[Command],
    now: datetime,
    *,
    hold: timedelta,
    extensions: Extensions = USUAL_EXTENSIONS,
) -> Decision:
    """Decide a batch of commands of one event.

    Args:
        snapshot: The event, closed over what the commands can touch (see `Snapshot`).
        commands: In the order in which they take effect.
        now: The database's time, read after the event was locked.
        hold: How long a new or extended hold lasts.
        extensions: How far holds can be extended.

    Returns:
        One outcome per command, and the netted changes. Channels that are due are opened and holds that have run out
        expired first; that is stored even if every command is refused. An archived event refuses every command.
    """
    if snapshot.event is None:
        return Decision([_refuse_without_event(snapshot, command) for command in commands], None)
    if snapshot.event.archived:
        return Decision([_refuse_archived(snapshot.event, command) for command in commands], None)
    state, expired = _state_at(snapshot.event, snapshot, now)
    outcomes = [
        _decide_one(state, command, now, hold=hold, extensions=extensions, expired=expired) for command in commands
    ]
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
    if snapshot.event.archived:
        return [_archived(snapshot.event, wish) for wish in wishes]
    state, _ = _state_at(snapshot.event, snapshot, now)
    found = [examine(state, wish, now) for wish in wishes]
    return [seen.at(snapshot.event.version) if isinstance(seen, Refusal) else seen for seen in found]


def foresee_changes(
    snapshot: Snapshot, wishes: Sequence[ChangeSeats], now: datetime
) -> list[tuple[UUID, ...] | Refusal]:
    """Check requests for other seats against an unlocked read, without deciding them.

    Args:
        snapshot: The event, read without a lock.
        wishes: The buyers' requests.
        now: The database's time at that read.

    Returns:
        One entry per request: the refusal that was true at the snapshot's version, or the seats that the hold did not
        have and that were free. There are none if it was as the request wants it.
    """
    if snapshot.event is None:
        return [ReservationNotFound(wish.reservation_id) for wish in wishes]
    if snapshot.event.archived:
        return [EventArchived(snapshot.event_id).at(snapshot.event.version) for _ in wishes]
    state, _ = _state_at(snapshot.event, snapshot, now)
    found: list[tuple[UUID, ...] | Refusal] = []
    for wish in wishes:
        seen = examine_change(state, wish, now)
        if isinstance(seen, Refusal):
            found.append(seen.at(snapshot.event.version))
        else:
            found.append(wish.added_to(seen))
    return found


def _state_at(event: EventState, snapshot: Snapshot, now: datetime) -> tuple[WorkingState, int]:
    """Return the event as commands find it at `now`, and how many holds had run out.

    Channels that are due are open, and the holds have expired.
    """
    state = WorkingState(event, snapshot)
    state.open_due_channels(now)
    return state, expire_overdue(state, now)


def _refuse_without_event(snapshot: Snapshot, command: Command) -> Outcome:
    match command:
        case Confirm() | Cancel() | Extend() | ChangeSeats() | Release():
            return Refused(ReservationNotFound(command.reservation_id))
        case Reserve() | Expire():
            return Refused(EventNotFound(snapshot.event_id))
        case _:
            assert_never(command)


def _refuse_archived(event: EventState, command: Command) -> Outcome:
    """Refuse even a replay: what its key has made is in the archive, not here."""
    match command:
        case Reserve():
            return Refused(_archived(event, command))
        case Confirm() | Cancel() | Extend() | ChangeSeats() | Release() | Expire():
            return Refused(EventArchived(event.id).at(event.version))
        case _:
            assert_never(command)


def _archived(event: EventState, wish: Reserve) -> Refusal:
    """Refuse a request for seats of an archived event, without telling of one that its buyer may not see."""
    if event.deleted or not (event.published or wish.sees_drafts):
        return EventNotFound(event.id)
    return EventArchived(event.id).at(event.version)


def _decide_one(
    state: WorkingState, command: Command, now: datetime, *, hold: timedelta, extensions: Extensions, expired: int
) -> Outcome:
    match command:
        case Reserve():
            return reserve(state, command, now, hold)
        case Confirm() | Cancel() | Release():
            return resolve(state, command, now)
        case Extend():
            return extend(state, command, now, hold, extensions)
        case ChangeSeats():
            return change_seats(state, command, now)
        case Expire():
            return Expired(expired, state.version, more=expired >= command.holds_max)
        case _:
            assert_never(command)
