"""The batcher: every write to an event's reservations goes through `Batcher.submit`."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context
from itertools import count
from uuid import UUID

import structlog

from holdfast.application.batching.bounds import Bounds
from holdfast.application.batching.persistence import persist
from holdfast.application.batching.queue import EventQueue, Ticket
from holdfast.application.batching.write import Progress
from holdfast.application.failures import GuardMismatch, Unavailable
from holdfast.application.ports import BatchStore, CommitListener
from holdfast.domain.commands import Command, Outcome
from holdfast.domain.snapshot import ChangeKind, Changes
from holdfast.telemetry import context, metrics, tracing

log = structlog.get_logger(__name__)

_holds_expired = metrics.holds_expired_total.labels("batch")

SWEEP_SECONDS = 0.1


class Batcher:
    """Gathers commands per event and has them decided and stored together.

    While one transaction of an event is under way, its next commands gather; there is no timer. At most
    `bounds.batches_at_once` events are written at the same time.
    """

    def __init__(self, store: BatchStore, bounds: Bounds, *, listeners: Sequence[CommitListener] = ()) -> None:
        self._store = store
        self._bounds = bounds
        self._listeners = listeners
        self._queues: dict[UUID, EventQueue] = {}
        self._waiting = 0
        self._slots = asyncio.Semaphore(bounds.batches_at_once)
        self._drains: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._batch_numbers = count(1)
        self._giving_up: set[Callable[[], None]] = set()
        self._closing = False

    @property
    def waiting(self) -> int:
        """How many commands stand in the queues."""
        return self._waiting

    @property
    def overflowing(self) -> bool:
        """Whether new commands are being refused for want of room."""
        return self._waiting >= self._bounds.process_queue_max

    async def submit(
        self, event_id: UUID, command: Command, *, settled: Callable[[], None] | None = None
    ) -> tuple[Outcome, int]:
        """Have a command decided and stored; gives its outcome and the number of its batch.

        Args:
            event_id: The event whose seats are concerned.
            command: What is wanted.
            settled: Called once when no transaction works on the command any more, whatever became of it.

        Raises:
            Unavailable: when there is no room or no time, or the database does not answer; see its `outcome`.
        """
        loop = asyncio.get_running_loop()
        ticket = Ticket(command, loop.create_future(), loop.time(), settled)
        if tracing.active is not None:
            ticket.span = tracing.active.here()
        try:
            self._enqueue(event_id, ticket)
        except Unavailable:
            ticket.finish()
            raise
        outcome = await ticket.future
        return outcome, ticket.batch

    async def close(self, *, seconds_max: float) -> None:
        """Take no more commands, finish those at hand, and answer 503 to what is not done in time."""
        self._closing = True
        if self._drains:
            await asyncio.wait(self._drains, timeout=seconds_max)
        for event_id in list(self._queues):
            self._reject(event_id, loop_time_max=float("inf"), reason="shutdown")
        for give_up in self._giving_up:
            give_up()
        if self._sweeper is not None:
            self._sweeper.cancel()

    def _enqueue(self, event_id: UUID, ticket: Ticket) -> None:
        queue = self._queues.get(event_id)
        if self._closing:
            self._refuse("shutdown", "This node is shutting down.")
        if self._waiting >= self._bounds.process_queue_max:
            self._refuse("process_queue_full", "Too many requests are waiting.")
        if queue is not None and len(queue) >= self._bounds.event_queue_max:
            self._refuse("event_queue_full", "Too many requests are waiting for this event.")
        if queue is None:
            queue = self._queues[event_id] = EventQueue()
            # Both work for all who ask, so they bear nobody's request id.
            drain = asyncio.create_task(self._drain(event_id, queue), context=Context())
            self._drains.add(drain)
            drain.add_done_callback(self._drains.discard)
            if self._sweeper is None:
                self._sweeper = asyncio.create_task(self._sweep(), context=Context())
        queue.put(ticket)
        self._waiting += 1

    @staticmethod
    def _refuse(reason: str, detail: str) -> None:
        metrics.commands_rejected_total.labels(reason).inc()
        raise Unavailable(detail, outcome="none")

    async def _drain(self, event_id: UUID, queue: EventQueue) -> None:
        while len(queue):
            async with self._slots:
                before = len(queue)
                tickets = queue.take(commands_max=self._bounds.commands_max, seats_max=self._bounds.seats_max)
                self._waiting -= before - len(queue)
                if tickets:
                    await self._run(event_id, tickets)
        del self._queues[event_id]

    async def _sweep(self) -> None:
        """Answer commands that have waited too long, also while their event's transaction hangs."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            metrics.queue_commands.set(self._waiting)
            limit = loop.time() - self._bounds.queue_seconds_max
            for event_id in list(self._queues):
                self._reject(event_id, loop_time_max=limit, reason="waited_too_long")

    def _reject(self, event_id: UUID, *, loop_time_max: float, reason: str) -> None:
        for ticket in self._queues[event_id].take_older_than(loop_time_max):
            self._waiting -= 1
            metrics.commands_rejected_total.labels(reason).inc()
            ticket.fail(Unavailable("The request waited too long.", outcome="none"))
            ticket.finish()

    async def _run(self, event_id: UUID, tickets: list[Ticket]) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        number = next(self._batch_numbers)
        context.begin(context.Work(batch=number))
        for ticket in tickets:
            ticket.batch = number
        metrics.batch_commands.observe(len(tickets))
        metrics.batch_wait_seconds.observe(started - min(ticket.enqueued_at for ticket in tickets))
        try:
            with _span(number, event_id, tickets):
                await self._settle(event_id, tickets, deadline=started + self._bounds.batch_seconds_max)
        except Exception as failure:  # noqa: BLE001 - one command must not fail the rest
            await self._settle_singly(event_id, tickets, failure)
        finally:
            for ticket in tickets:
                ticket.finish()
        metrics.batch_duration_seconds.observe(loop.time() - started)

    async def _settle_singly(self, event_id: UUID, tickets: list[Ticket], failure: Exception) -> None:
        """Rerun a failed batch once as single commands, so that only the culprit bears its failure."""
        if isinstance(failure, Unavailable) or len(tickets) == 1:
            for ticket in tickets:
                ticket.fail(_answer_to(failure))
            return
        deadline = asyncio.get_running_loop().time() + self._bounds.batch_seconds_max
        log.warning("batch_rerun_singly", event_id=str(event_id), commands=len(tickets), error=repr(failure))
        for ticket in tickets:
            if asyncio.get_running_loop().time() >= deadline:
                ticket.fail(Unavailable("The database did not answer in time.", outcome="none"))
                continue
            try:
                await self._settle(event_id, [ticket], deadline=deadline)
            except Exception as single_failure:  # noqa: BLE001 - it goes to the caller, who answers 500
                ticket.fail(_answer_to(single_failure))

    async def _settle(self, event_id: UUID, tickets: list[Ticket], *, deadline: float) -> None:
        """Write one batch and answer its tickets.

        When it takes too long the tickets are answered 503 while the writing goes on: a COMMIT is never cancelled.
        """
        progress = Progress()

        def give_up() -> None:
            for ticket in tickets:
                ticket.fail(Unavailable("The database did not answer in time.", outcome=progress.outcome))

        alarm = asyncio.get_running_loop().call_at(deadline, give_up)
        self._giving_up.add(give_up)
        try:
            written = await persist(
                self._store,
                event_id,
                [ticket.command for ticket in tickets],
                bounds=self._bounds,
                progress=progress,
                deadline=deadline,
            )
        finally:
            alarm.cancel()
            self._giving_up.discard(give_up)
        metrics.batches_total.inc()
        if written.changes is not None:
            _count_expired(written.changes)
            for listener in self._listeners:
                listener.committed(event_id, written.changes)
        for ticket, outcome in zip(tickets, written.outcomes, strict=True):
            if not ticket.future.done():
                ticket.future.set_result(outcome)


def _span(number: int, event_id: UUID, tickets: Sequence[Ticket]) -> AbstractContextManager[object]:
    if tracing.active is None:
        return nullcontext()
    return tracing.active.batch(number, str(event_id), [ticket.span for ticket in tickets])


def _count_expired(changes: Changes) -> None:
    expired = sum(entry.kind is ChangeKind.EXPIRED for entry in changes.log)
    if expired:
        _holds_expired.inc(expired)


def _answer_to(failure: Exception) -> Exception:
    """Turn what made the writing fail into what the caller sees; a bug stays as it is and becomes a 500."""
    if isinstance(failure, GuardMismatch):
        return Unavailable("The event's rows were not as expected; this was reported.", outcome="none")
    return failure
