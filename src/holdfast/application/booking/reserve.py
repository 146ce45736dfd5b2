"""Hold seats for a buyer."""

import asyncio
from typing import Literal
from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.application.failures import Unavailable
from holdfast.domain.booking.choosing.wish import BestAvailable
from holdfast.domain.booking.commands import Done, Outcome, Postponed, Refused, Reserve
from holdfast.domain.booking.refusals import SeatsUnavailable
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.refusal import Conflict, Refusal
from holdfast.telemetry import context, metrics, tracing

GATE_TRIES = 3
"""How often a request that lost at the gate, and then found its seats free, tries the gate again. After that it queues
without it."""

CHOOSING_SECONDS_MAX = 8.0
"""How long a request that leaves the choice of seats to us may be postponed, while an event's seats are loaded or its
overdue holds expire."""

_outcomes = {
    status: metrics.reservations_total.labels(status)
    for status in ("success", "conflict", "lock_failed", "replayed", "error")
}
_steered = {by: metrics.gate_steered_total.labels(by) for by in ("memory", "lock")}


async def reserve(
    booking: Booking,
    *,
    event_id: UUID,
    user_id: str,
    idempotency_key: str,
    seat_ids: tuple[UUID, ...] = (),
    best: BestAvailable | None = None,
    address: str | None = None,
    limited: bool = True,
    sees_drafts: bool = False,
    beyond_limit: bool = False,
    code_digest: bytes | None = None,
    uses_channels: bool = False,
) -> Done:
    """Hold every requested seat for `user_id`, or none of them.

    The seats are either named, or chosen by us under the event's lock. A request that leaves the choice to us has
    nothing to lock at the gate, and goes straight into the queue. For named seats the gate steers and PostgreSQL
    decides: a request that loses at the gate joins a shared read, which finds out which of its seats are taken.

    Args:
        booking: What the use cases of booking share.
        event_id: The event.
        user_id: The buyer.
        idempotency_key: The buyer's name for this request, unchanged when it is sent again.
        seat_ids: The seats; empty if the choice is left to us.
        best: How many seats, and where, if the choice is left to us.
        address: The address that the request came from; holds may be limited by it (see `hoarding`), and wrong access
            codes are.
        limited: Whether limits on hoarding apply. They do not to a seller who holds seats for a buyer.
        sees_drafts: Whether the caller may see the event if it is a draft.
        beyond_limit: Whether the buyer may get more seats than the event sells to one buyer.
        code_digest: Of the access code in the request, if it names one (`domain.booking.channels.digest_of`).
        uses_channels: Whether the seats of all channels are reached without a code.

    Raises:
        Refusal: any that the contract lists, with the event's version at which it was true.
        Unavailable: see its `outcome`.
        ConnectionLost, Contended: if the shared read failed; nothing happened.
    """
    wish = Reserve.wish(
        reservation_id=booking.ids.new(),
        event_id=event_id,
        user_id=user_id,
        idempotency_key=idempotency_key,
        seat_ids=seat_ids,
        best=best,
        sees_drafts=sees_drafts,
        beyond_limit=beyond_limit,
        code_digest=code_digest,
        uses_channels=uses_channels,
    )
    try:
        if code_digest is not None and not uses_channels:
            await booking.access_codes.admit(event_id, wish, address)
        if booking.hoarding is None or not limited:
            done = await _through_the_gate(booking, event_id, wish)
        else:
            done = await booking.hoarding.hold(
                event_id, wish, address, lambda: _through_the_gate(booking, event_id, wish)
            )
    except Refusal:
        raise  # counted where it was found, by its cause
    except Exception:
        _outcomes["error"].inc()
        raise
    _outcomes["replayed" if done.replayed else "success"].inc()
    booking.directory.remember(done.reservation.id, event_id, user_id)
    return done


async def _through_the_gate(booking: Booking, event_id: UUID, wish: Reserve) -> Done:
    if wish.best is not None:
        return await _choose(booking, event_id, wish)
    for _ in range(GATE_TRIES):
        steered_by = await _steered_by(booking, event_id, wish)
        if steered_by is None:
            metrics.gate_passed_total.inc()
            return await _queue(booking, event_id, wish, gated=True)
        _steered[steered_by].inc()
        with tracing.call("shared_read", "postgresql"):
            seen = await booking.shared_read.look(event_id, wish)
        if isinstance(seen, Refusal):
            _note_refusal(booking, seen, lost_at_gate=steered_by == "lock")
            raise seen
        if isinstance(seen, Reservation):
            break
        booking.taken_seats.forget(wish.seat_ids)
    return await _queue(booking, event_id, wish, gated=False)


async def _steered_by(booking: Booking, event_id: UUID, wish: Reserve) -> Literal["memory", "lock"] | None:
    """Return what steers a request to the shared read; None if it has locked its seats and may queue."""
    if booking.taken_seats.steers(wish):
        return "memory"
    with tracing.call("acquire", "redis"):
        passed = await booking.gate.acquire(event_id, wish)
    if not passed:
        return "lock"
    if booking.taken_seats.steers(wish):
        # The seats were taken, and unlocked again, while the call to the gate was under way. In a storm this happens
        # to some request in every call, and each would cost a transaction just to be refused.
        booking.gate.release(wish)
        return "memory"
    return None


async def _choose(booking: Booking, event_id: UUID, wish: Reserve) -> Done:
    """Have the seats chosen in the event's queue, and submit the request again for as long as it is postponed."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + CHOOSING_SECONDS_MAX
    await booking.seatings.load(event_id)
    while True:
        outcome, batch = await booking.batcher.submit(event_id, wish)
        context.note_batch(batch)
        if not isinstance(outcome, Postponed):
            return _done(booking, outcome)
        if loop.time() > deadline:
            raise Unavailable("The event's free seats could not be loaded in time.", outcome="none")
        if outcome.load:
            metrics.choices_postponed_total.inc()
            await booking.seatings.load(event_id)


async def _queue(booking: Booking, event_id: UUID, wish: Reserve, *, gated: bool) -> Done:
    release = (lambda: booking.gate.release(wish)) if gated else None
    outcome, batch = await booking.batcher.submit(event_id, wish, on_finished=release)
    context.note_batch(batch)
    return _done(booking, outcome)


def _done(booking: Booking, outcome: Outcome) -> Done:
    if isinstance(outcome, Refused):
        _note_refusal(booking, outcome.refusal, lost_at_gate=False)
        raise outcome.refusal
    assert isinstance(outcome, Done)
    return outcome


def _note_refusal(booking: Booking, refusal: Refusal, *, lost_at_gate: bool) -> None:
    if isinstance(refusal, Conflict):
        _outcomes["lock_failed" if lost_at_gate else "conflict"].inc()
    if isinstance(refusal, SeatsUnavailable):
        booking.taken_seats.remember(refusal.seat_ids, owner=None)
