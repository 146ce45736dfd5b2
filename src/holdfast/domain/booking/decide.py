"""The one function that sells every seat.

`decide()` takes an event's current state, the commands of a batch in order, and the time. It returns an outcome for
each command and the changes to store. It reads no clock and does no I/O, so the same arguments always lead to the same
decision. The rules of each command are in `holding` and `resolving`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from holdfast.domain.booking.commands import Cancel, Command, Confirm, Expire, Expired, Outcome, Refused, Reserve
from holdfast.domain.booking.holding import examine, reserve
from holdfast.domain.booking.refusals import ReservationNotFound
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.resolving import expire_overdue, resolve
from holdfast.domain.booking.snapshot import Decision, Snapshot
from holdfast.domain.booking.states import Verb
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
        One outcome per command, and the netted changes. Channels that are due are opened and holds that have run out
        expired first; that is stored even if every command is refused.
    """
    if snapshot.event is None:
        return Decision([_refuse_without_event(snapshot, command) for command in commands], None)
    state = WorkingState(snapshot.event, snapshot)
    state.open_due_channels(now)
    expired = expire_overdue(state, now)
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
    state.open_due_channels(now)
    expire_overdue(state, now)
    found = [examine(state, wish, now) for wish in wishes]
    return [seen.at(snapshot.event.version) if isinstance(seen, Refusal) else seen for seen in found]


def _refuse_without_event(snapshot: Snapshot, command: Command) -> Outcome:
    match command:
        case Confirm() | Cancel():
            return Refused(ReservationNotFound(command.reservation_id))
        case Reserve() | Expire():
            return Refused(EventNotFound(snapshot.event_id))
        case _:
            assert_never(command)


def _decide_one(state: WorkingState, command: Command, now: datetime, *, hold: timedelta, expired: int) -> Outcome:
    match command:
        case Reserve():
            return reserve(state, command, now, hold)
        case Confirm():
            return resolve(state, command, Verb.CONFIRM, now)
        case Cancel():
            return resolve(state, command, Verb.CANCEL, now)
        case Expire():
            return Expired(expired, state.version, more=expired >= command.holds_max)
        case _:
            assert_never(command)
