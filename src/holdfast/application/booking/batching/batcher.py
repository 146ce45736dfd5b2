"""The batcher: every write to an event's reservations goes through `Batcher.submit`."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from itertools import count
from uuid import UUID

import structlog

from holdfast.application.booking.batching.batch import Batch, span_of
from holdfast.application.booking.batching.batch_runner import BatchRunner
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.batching.locked_events import LockedEvents
from holdfast.application.booking.batching.queue import Ticket
from holdfast.application.booking.batching.queues import Queues
from holdfast.application.booking.ports import BatchStore, CommitListener
from holdfast.application.failures import Unavailable
from holdfast.domain.booking.commands import Command, Done, Outcome
from holdfast.telemetry import context, metrics, tracing

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 0.1
PATIENCE_SECONDS = 0.005
"""A further transaction begins only when those under way have not ended after this: until then what comes gathers."""
WAIT_SECONDS_MIN = 0.01
CLOSING_SECONDS = 0.02
"""How often the end looks whether all is done, where nothing tells it."""


class Batcher:
    """Gathers commands per event and has them decided and stored together.

    While a transaction on an event is under way, its next commands gather; there is no timer. At most
    `bounds.batches_at_once` transactions are under way, and none of them waits for a lock: a batch whose event somebody
    else has locked goes to `LockedEvents`. Events whose commands wait at the same time, few of each, are written in one
    transaction: a transaction costs much more than a command.
    """

    def __init__(self, store: BatchStore, bounds: Bounds, *, listeners: Sequence[CommitListener] = ()) -> None:
        self._bounds = bounds
        self._runner = BatchRunner(store, bounds, listeners)
        self._queues = Queues(bounds)
        self._locked = LockedEvents(self._wait_for, self._try_again)
        self._free_slots = bounds.batches_at_once
        self._writers: set[asyncio.Task[None]] = set()
        self._patience: asyncio.TimerHandle | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._batch_numbers = count(1)
        self._closing = False

    @property
    def waiting(self) -> int:
        """How many commands stand in the queues."""
        return self._queues.waiting

    @property
    def overflowing(self) -> bool:
        """Whether new commands are being refused for want of room."""
        return self._queues.waiting >= self._bounds.process_queue_max

    async def submit(
        self, event_id: UUID, command: Command, *, on_finished: Callable[[], None] | None = None
    ) -> tuple[Outcome, int]:
        """Have a command decided and stored; gives its outcome and the number of its batch.

        Where the caller is cancelled while the command stands in its queue, it leaves the queue and nothing is done. A
        command that is in a batch by then goes on.

        Args:
            event_id: The event whose seats are concerned.
            command: What is wanted.
            on_finished: Called once when no transaction works on the command any more, whatever became of it.

        Raises:
            Unavailable: when there is no room or no time, or the database does not answer; see its `outcome`.
        """
        loop = asyncio.get_running_loop()
        ticket = Ticket(command, loop.create_future(), loop.time(), on_finished)
        if tracing.active is not None:
            ticket.span = tracing.active.here()
        try:
            self._enqueue(event_id, ticket)
        except BaseException:
            ticket.finish()
            raise
        try:
            outcome = await ticket.future
        except asyncio.CancelledError:
            self._leave(event_id, ticket)
            raise
        if isinstance(outcome, Done):
            context.note_stored()
        return outcome, ticket.batch

    async def close(self, *, seconds_max: float) -> None:
        """Take no more commands, finish those at hand, and answer 503 to what is not done in time."""
        self._closing = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds_max
        while (self._writers or self._locked or self._queues) and loop.time() < deadline:
            if self._writers:
                await asyncio.wait(tuple(self._writers), timeout=deadline - loop.time())
            else:  # what is locked by others comes back at its own pace
                await asyncio.sleep(CLOSING_SECONDS)
        self._reject(self._queues.take_older_than(float("inf")), reason="shutdown")
        for batch in tuple(self._runner.under_way):
            batch.give_up()
        self._locked.close()
        for timer in (self._sweeper, self._patience):
            if timer is not None:
                timer.cancel()

    def _enqueue(self, event_id: UUID, ticket: Ticket) -> None:
        if self._closing:
            self._refuse("shutdown", "This node is shutting down.")
        if self._queues.waiting >= self._bounds.process_queue_max:
            self._refuse("process_queue_full", "Too many requests are waiting.")
        if self._queues.length_of(event_id) >= self._bounds.event_queue_max:
            self._refuse("event_queue_full", "Too many requests are waiting for this event.")
        if self._queues.put(event_id, ticket):
            if self._sweeper is None:
                self._sweeper = asyncio.create_task(self._sweep(), context=Context())
            self._wake_writer()

    @staticmethod
    def _refuse(reason: str, detail: str) -> None:
        metrics.commands_rejected_total.labels(reason).inc()
        raise Unavailable(detail, outcome="none")

    def _leave(self, event_id: UUID, ticket: Ticket) -> None:
        """Forget a command whose caller has gone, unless a batch has it."""
        if self._queues.remove(event_id, ticket):
            metrics.commands_abandoned_total.inc()
            ticket.finish()
        elif ticket.future.done() and not ticket.future.cancelled():
            ticket.future.exception()  # it was answered in the same moment; nobody else will look

    def _wake_writer(self) -> None:
        """Begin to write: at once where nothing is under way, else when that takes long."""
        if self._free_slots == self._bounds.batches_at_once:
            self._start_writer()
        elif self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        if self._queues:
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
            while batches := self._queues.take():
                if self._queues:
                    self._wake_writer()  # this transaction may take long, and nobody else looks after them
                await self._carry_out(batches, wait_seconds=0.0)
        finally:
            self._free_slots += 1
            if self._queues:
                self._wake_writer()

    def _try_again(self, batch: Batch) -> None:
        self._queues.write_again(batch)
        self._wake_writer()

    async def _wait_for(self, batch: Batch, seconds: float) -> None:
        """Write a batch of an event that somebody else has locked; beside the writers, for it may wait."""
        if not batch.is_rerun and batch.tickets:
            # Those who have waited too long are told so, and nothing may be done for them afterwards.
            left_seconds = batch.oldest_at + self._bounds.queue_seconds_max - asyncio.get_running_loop().time()
            seconds = max(min(seconds, left_seconds), WAIT_SECONDS_MIN)
        await self._carry_out([batch], wait_seconds=seconds)
        if self._queues:
            self._wake_writer()

    async def _carry_out(self, batches: Sequence[Batch], *, wait_seconds: float) -> None:
        """Write batches in one transaction and let go of each of them, whatever happens."""
        left = dict.fromkeys(batches)
        try:
            await self._run(left, wait_seconds)
        except Exception as failure:
            log.exception("batches_failed", events=len(left))
            for batch in left:
                batch.fail(failure)
        finally:
            for batch in left:
                batch.fail(Unavailable("The writing was broken off.", outcome="none"))
                self._end(batch)

    async def _run(self, left: dict[Batch, None], wait_seconds: float) -> None:
        """Write batches in one transaction, and take out of `left` those that have ended or wait elsewhere."""
        for batch in tuple(left):
            if not self._is_wanted(batch):
                del left[batch]
                self._end(batch)
        batches = list(left)
        if not batches:
            return
        started = self._begin(batches)
        locked: list[Batch] = []
        failed: list[Batch] = []
        with span_of(batches[0].number, batches):
            if len(batches) > 1:
                locked, failed = await self._runner.run_together(batches)
            elif not await self._runner.run(batches[0], wait_seconds=wait_seconds):
                locked = batches
        for batch in batches:
            del left[batch]
            if batch in locked:
                self._locked.add(batch)
            elif batch in failed:
                self._queues.write_alone(batch)
            else:
                self._end(batch)
        if len(locked) < len(batches):
            metrics.batch_duration_seconds.observe(asyncio.get_running_loop().time() - started)

    def _is_wanted(self, batch: Batch) -> bool:
        """Leave out of a batch what nobody waits for, or has for too long; tell whether anything is left."""
        if batch.number:
            limit = asyncio.get_running_loop().time() - self._bounds.queue_seconds_max
            self._reject(batch.take_older_than(limit), reason="waited_too_long")
        batch.leave_out_answered()
        return bool(batch.tickets)

    def _begin(self, batches: Sequence[Batch]) -> float:
        """Number those that were not tried before, and start their time; gives the time."""
        started = asyncio.get_running_loop().time()
        new = [batch for batch in batches if not batch.number]
        if not new:
            context.begin(context.Work(batch=batches[0].number))
            return started
        number = next(self._batch_numbers)
        context.begin(context.Work(batch=number))
        for batch in new:
            batch.begin(number, deadline=started + self._bounds.batch_seconds_max)
        self._runner.under_way.update(new)
        metrics.batch_commands.observe(sum(len(batch.tickets) for batch in new))
        oldest = min(ticket.enqueued_at for batch in new for ticket in batch.tickets)
        metrics.batch_wait_seconds.observe(started - oldest)
        return started

    def _end(self, batch: Batch) -> None:
        """Let go of a batch; its event stands in line again if more of its commands wait."""
        try:
            batch.finish()
        finally:
            self._runner.under_way.discard(batch)
            self._queues.release(batch)

    async def _sweep(self) -> None:
        """Answer commands that have waited too long, also while their event's transaction hangs."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                metrics.queue_commands.set(self._queues.waiting)
                limit = loop.time() - self._bounds.queue_seconds_max
                self._reject(self._queues.take_older_than(limit), reason="waited_too_long")
                for batch in self._locked:
                    self._reject(batch.take_older_than(limit), reason="waited_too_long")
                    if not batch.tickets:
                        self._locked.remove(batch)
                        self._end(batch)
                if self._queues:
                    self._wake_writer()
            except Exception:  # what waits has nobody else to end it
                log.exception("sweep_failed")

    @staticmethod
    def _reject(tickets: Sequence[Ticket], *, reason: str) -> None:
        for ticket in tickets:
            ticket.fail(Unavailable("The request waited too long.", outcome="none"))
            ticket.finish()
            metrics.commands_rejected_total.labels(reason).inc()
