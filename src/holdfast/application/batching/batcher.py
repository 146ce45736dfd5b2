"""The batcher: every write to an event's reservations goes through `Batcher.submit`."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context
from itertools import count
from uuid import UUID

from holdfast.application.batching.batch import Batch, span_of
from holdfast.application.batching.bounds import Bounds
from holdfast.application.batching.queue import EventQueue, Ticket
from holdfast.application.batching.settling import Settler
from holdfast.application.failures import Unavailable
from holdfast.application.ports import BatchStore, CommitListener
from holdfast.domain.commands import Command, Outcome
from holdfast.domain.reservation import SEATS_MAX
from holdfast.telemetry import context, metrics, tracing

SWEEP_SECONDS = 0.1
PATIENCE_SECONDS = 0.005
"""A further transaction begins only when those under way have not ended after this: until then what comes gathers."""
TOGETHER_COMMANDS_MAX = 64
"""Commands of several events in one transaction: an event with more has its own, and keeps nobody else waiting."""


class Batcher:
    """Gathers commands per event and has them decided and stored together.

    While a transaction on an event is under way, its next commands gather; there is no timer. At most
    `bounds.batches_at_once` transactions are under way. Events whose commands wait at the same time, few of each, are
    written in one transaction: a transaction costs much more than a command.
    """

    def __init__(self, store: BatchStore, bounds: Bounds, *, listeners: Sequence[CommitListener] = ()) -> None:
        self._bounds = bounds
        self._settler = Settler(store, bounds, listeners)
        self._queues: dict[UUID, EventQueue] = {}
        self._waiting = 0
        self._ready: deque[UUID] = deque()
        """Events whose commands wait, and of which no batch is under way, in the order of their turns."""
        self._alone: deque[Batch] = deque()
        """Batches that could not be written together with others."""
        self._free_slots = bounds.batches_at_once
        self._writers: set[asyncio.Task[None]] = set()
        self._patience: asyncio.TimerHandle | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._batch_numbers = count(1)
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
        if self._writers:
            await asyncio.wait(self._writers, timeout=seconds_max)
        for event_id in list(self._queues):
            self._reject(event_id, loop_time_max=float("inf"), reason="shutdown")
        for batch in self._settler.under_way:
            batch.give_up()
        for timer in (self._sweeper, self._patience):
            if timer is not None:
                timer.cancel()

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
            self._ready.append(event_id)
            if self._sweeper is None:
                self._sweeper = asyncio.create_task(self._sweep(), context=Context())
            self._wake_writer()
        queue.put(ticket)
        self._waiting += 1

    @staticmethod
    def _refuse(reason: str, detail: str) -> None:
        metrics.commands_rejected_total.labels(reason).inc()
        raise Unavailable(detail, outcome="none")

    def _wake_writer(self) -> None:
        """Begin to write: at once where nothing is under way, else when that takes long."""
        if self._free_slots == self._bounds.batches_at_once:
            self._start_writer()
        elif self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        if self._ready or self._alone:
            self._start_writer()
            self._wake_writer()

    def _start_writer(self) -> None:
        if self._free_slots == 0:
            return
        self._free_slots -= 1
        # It works for all who ask, so it bears nobody's request id.
        writer = asyncio.create_task(self._write(), context=Context())
        self._writers.add(writer)
        writer.add_done_callback(self._writers.discard)

    async def _write(self) -> None:
        """Write one transaction after the other, until nothing waits."""
        try:
            while self._alone or self._ready:
                work = self._rerun(self._alone.popleft()) if self._alone else self._run(self._take())
                if self._alone or self._ready:
                    self._wake_writer()  # this writer may come to wait for a lock, and nobody else looks after them
                await work
        finally:
            self._free_slots += 1

    def _take(self) -> list[Batch]:
        """Take the batch of the event that has waited the longest, and those of the next ones while they are small."""
        batches: list[Batch] = []
        commands = 0
        most = min(TOGETHER_COMMANDS_MAX, self._bounds.commands_max, self._bounds.seats_max // SEATS_MAX)
        while self._ready and len(batches) < self._bounds.events_max:
            queue = self._queues[self._ready[0]]
            if batches and commands + len(queue) > most:
                break
            before = len(queue)
            tickets = queue.take(commands_max=self._bounds.commands_max, seats_max=self._bounds.seats_max)
            self._waiting -= before - len(queue)
            commands += len(tickets)
            batches.append(Batch(self._ready.popleft(), tickets))
        return batches

    def _end(self, batch: Batch) -> None:
        """Let go of a batch; its event stands in line again if more of its commands wait."""
        batch.finish()
        self._settler.under_way.discard(batch)
        if len(self._queues[batch.event_id]):
            self._ready.append(batch.event_id)
        else:
            del self._queues[batch.event_id]

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

    async def _run(self, batches: list[Batch]) -> None:
        """Write batches in one transaction; those for which that fails are then written each in its own."""
        for batch in batches:
            if not batch.tickets:
                self._end(batch)
        batches = [batch for batch in batches if batch.tickets]
        if not batches:
            return
        loop = asyncio.get_running_loop()
        started = loop.time()
        number = next(self._batch_numbers)
        context.begin(context.Work(batch=number))
        for batch in batches:
            batch.begin(number, deadline=started + self._bounds.batch_seconds_max)
        self._settler.under_way.update(batches)
        metrics.batch_commands.observe(sum(len(batch.tickets) for batch in batches))
        oldest = min(ticket.enqueued_at for batch in batches for ticket in batch.tickets)
        metrics.batch_wait_seconds.observe(started - oldest)
        with span_of(number, batches):
            if len(batches) == 1:
                await self._settler.settle(batches[0])
                left = []
            else:
                left = await self._settler.settle_together(batches)
        for batch in batches:
            if batch not in left:
                self._end(batch)
        self._alone.extend(left)
        metrics.batch_duration_seconds.observe(loop.time() - started)

    async def _rerun(self, batch: Batch) -> None:
        """Write a batch that could not be written together with others."""
        context.begin(context.Work(batch=batch.number))
        await self._settler.settle(batch)
        self._end(batch)
