"""One attempt to write a batch, or those of several events: lock, load, decide, store, commit."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from holdfast.application.booking.batching.progress import Progress
from holdfast.application.booking.ports import BatchStore, BatchTransaction, Closure
from holdfast.application.booking.seatings.seatings import Seatings, leaves_choice
from holdfast.application.failures import GuardMismatch, Unavailable
from holdfast.domain.booking.changing import USUAL_EXTENSIONS, Extensions
from holdfast.domain.booking.commands import ChangeSeats, Command, Expire, Extend, Outcome, Postponed, Reserve
from holdfast.domain.booking.decide import decide
from holdfast.domain.booking.snapshot import Changes, Decision, Snapshot

CHOOSING_OVERDUE_MAX = 500
"""Overdue holds that a batch expires if it chooses seats. It refuses no request while holds that have run out may have
the seats for it, so after a storm of holds that all ran out, it has to get through them quickly."""
ON_LOOP_WORK_MAX = 1_500
"""Blocks of seats that a batch may search on the event loop, if every request searches all of them. It takes 10 to
20 ms. A batch with more to do is decided in a thread."""


@dataclass(frozen=True, slots=True)
class Written:
    """A committed batch."""

    outcomes: list[Outcome]
    changes: Changes | None


def closure_of(commands: Sequence[Command], *, overdue_max: int) -> Closure:
    """Return what a batch of these commands can touch."""
    seat_ids: dict[UUID, None] = {}
    keys: dict[tuple[str, str], None] = {}
    reservation_ids: dict[UUID, None] = {}
    changes: list[tuple[UUID, UUID]] = []
    buyers: dict[str, None] = {}
    for command in commands:
        if isinstance(command, Reserve):
            seat_ids.update(dict.fromkeys(command.seat_ids))
            keys[command.user_id, command.idempotency_key] = None
            if command.best is not None:
                overdue_max = max(overdue_max, CHOOSING_OVERDUE_MAX)
        elif isinstance(command, Expire):
            overdue_max = max(overdue_max, command.holds_max)
        else:
            reservation_ids[command.reservation_id] = None
            if isinstance(command, Extend | ChangeSeats):
                changes.append((command.change_id, command.reservation_id))
            if isinstance(command, ChangeSeats):
                seat_ids.update(dict.fromkeys(command.seat_ids))
                buyers[command.user_id] = None
    return Closure(list(seat_ids), list(keys), list(reservation_ids), overdue_max, changes, list(buyers))


async def write_batch(
    store: BatchStore,
    event_id: UUID,
    commands: Sequence[Command],
    *,
    hold: timedelta,
    extensions: Extensions = USUAL_EXTENSIONS,
    overdue_max: int,
    progress: Progress,
    wait_seconds: float | None = None,
    seatings: Seatings | None = None,
) -> Written | None:
    """Decide and store a batch in one transaction.

    It always ends in COMMIT, even if nothing is stored. A commit that locked a row waits for the synchronous standby,
    which makes the answer to a replay as durable as the original one. The exception is an event without a row: there is
    nothing to lock, and the transaction is rolled back.

    Args:
        store: Where it is written.
        event_id: The event of all commands.
        commands: The commands, in order.
        hold: How long a new or extended hold lasts.
        extensions: How far holds can be extended.
        overdue_max: How many overdue holds to expire, in addition to those that the commands touch.
        progress: Kept up to date.
        wait_seconds: How long to wait while another session has the event locked; None for the store's own limit.
        seatings: The free seats of events, for commands that leave the choice of seats to us.

    Returns:
        What was committed, or None if the event stayed locked that long.

    Raises:
        ConnectionLost, Contended, GuardMismatch: see `failures`; `progress` says what a client may be told.
        Unavailable: if the batch was given up before the COMMIT, or if the event was archived after an earlier attempt
            that may have stored something: what became of that is in the archive.
    """
    async with store.transaction() as transaction:
        lock = await transaction.lock(event_id, wait_seconds=wait_seconds)
        if lock == "busy":
            return None
        locked = lock == "locked"
        if locked and progress.in_doubt:
            # The lock proves that any earlier attempt is over. If this attempt fails as well, the version read here is
            # what decides whether the clients are told that the outcome is unknown.
            progress.locked_at(await transaction.version(event_id))
        closure = closure_of(commands, overdue_max=overdue_max)
        snapshot, now = await transaction.load(event_id, closure)
        if progress.in_doubt and snapshot.event is not None and snapshot.event.archived:
            raise Unavailable("The event was archived before the outcome was known.", outcome=progress.outcome)
        snapshot = await _with_free_seats(seatings, transaction, snapshot, commands, closure=closure, now=now)
        decision = await _decided(seatings, snapshot, commands, now, hold=hold, extensions=extensions)
        if decision.changes is not None:
            with _not_chosen_again(seatings, [snapshot]):
                await transaction.store(decision.changes, now)
        if locked:
            progress.about_to_commit(_version_of(snapshot))
            await transaction.commit()
        return Written(decision.outcomes, decision.changes)


async def write_together(
    store: BatchStore,
    batches: Mapping[UUID, Sequence[Command]],
    *,
    hold: timedelta,
    extensions: Extensions = USUAL_EXTENSIONS,
    overdue_max: int,
    progress: Mapping[UUID, Progress],
    seatings: Seatings | None = None,
) -> dict[UUID, Written]:
    """Decide and store the batches of several events in one transaction.

    Each batch is decided by itself, as in `write_batch`. No event's lock is waited for, so one that another session is
    writing does not delay the rest, and two transactions never wait for each other.

    Returns:
        What was committed, by event. Events that another session had locked are left out, and nothing was done for
        them. For events that do not exist, there was nothing to commit.

    Raises:
        ConnectionLost, Contended, GuardMismatch, Unavailable: as `write_batch`.
    """
    async with store.transaction() as transaction:
        await transaction.lock_idle(list(batches))
        closures = {event_id: closure_of(commands, overdue_max=overdue_max) for event_id, commands in batches.items()}
        snapshots, now = await transaction.load_locked(closures)
        for event_id, snapshot in snapshots.items():
            snapshots[event_id] = await _with_free_seats(
                seatings, transaction, snapshot, batches[event_id], closure=closures[event_id], now=now
            )
        decisions = {
            event_id: await _decided(seatings, snapshot, batches[event_id], now, hold=hold, extensions=extensions)
            for event_id, snapshot in snapshots.items()
        }
        changes = [decision.changes for decision in decisions.values() if decision.changes is not None]
        if changes:
            with _not_chosen_again(seatings, snapshots.values()):
                await transaction.store_together(changes, now)
        locked = [event_id for event_id, snapshot in snapshots.items() if snapshot.event is not None]
        if locked:
            for one in progress.values():
                one.check()
            for event_id in locked:
                progress[event_id].about_to_commit(_version_of(snapshots[event_id]))
            await transaction.commit()
        return {event_id: Written(decision.outcomes, decision.changes) for event_id, decision in decisions.items()}


async def _with_free_seats(
    seatings: Seatings | None,
    transaction: BatchTransaction,
    snapshot: Snapshot,
    commands: Sequence[Command],
    *,
    closure: Closure,
    now: datetime,
) -> Snapshot:
    """Add what choosing seats needs to know, if any command leaves the choice to us."""
    if seatings is None or not leaves_choice(commands):
        return snapshot
    overdue = sum(reservation.is_overdue(now) for reservation in snapshot.reservations.values())
    snapshot = await seatings.attach(transaction, snapshot)
    return replace(snapshot, more_overdue=overdue >= closure.overdue_max)


@contextmanager
def _not_chosen_again(seatings: Seatings | None, snapshots: Iterable[Snapshot]) -> Iterator[None]:
    """Forget the free seats if the store found a row that was not as expected: a chosen seat may not have been free."""
    try:
        yield
    except GuardMismatch:
        for snapshot in snapshots:
            if seatings is not None and snapshot.free_seats is not None:
                seatings.drop(snapshot.event_id)
        raise


async def _decided(
    seatings: Seatings | None,
    snapshot: Snapshot,
    commands: Sequence[Command],
    now: datetime,
    *,
    hold: timedelta,
    extensions: Extensions,
) -> Decision:
    """Decide a batch: in a thread if it may take so long that other events' batches would feel it.

    If `decide()` has the free seats, and asks for them all the same, they are wrong and are forgotten.
    """
    free = snapshot.free_seats
    if free is None or len(commands) * (2 + len(free.masks)) <= ON_LOOP_WORK_MAX:
        decision = decide(snapshot, commands, now, hold=hold, extensions=extensions)
    else:
        decision = await asyncio.to_thread(decide, snapshot, commands, now, hold=hold, extensions=extensions)
    if seatings is not None and free is not None and Postponed(load=True) in decision.outcomes:
        seatings.drop(snapshot.event_id)
    return decision


def _version_of(snapshot: Snapshot) -> int:
    assert snapshot.event is not None, "its row is locked"
    return snapshot.event.version
