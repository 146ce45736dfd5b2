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
from holdfast.application.booking.seatings.seatings import Seatings
from holdfast.application.failures import Unavailable
from holdfast.domain.booking.commands import Command, Done, Outcome
from holdfast.telemetry import context, metrics, tracing

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 0.1
PATIENCE_SECONDS = 0.005
"""A further transaction starts only if those under way take longer than this. Until then, new commands queue up and
share the next one."""
WAIT_SECONDS_MIN = 0.01
CLOSING_SECONDS = 0.02
"""How often `close` checks whether everything is done, when no task's end can tell it."""


class Batcher:
    """Collects the commands of each event, and has them decided and stored together.

    While a transaction on an event is under way, the next commands for that event queue up; there is no timer. At most
    `bounds.batches_at_once` transactions are under way, and none of them waits for a lock: a batch whose event another
    session has locked moves to `LockedEvents`. Small batches of different events share a transaction, because a
    transaction costs much more than a command.
    """

    def __init__(
        self,
        store: BatchStore,
        bounds: Bounds,
        *,
        listeners: Sequence[CommitListener] = (),
        seatings: Seatings | None = None,
    ) -> None:
        self._bounds = bounds
        self._runner = BatchRunner(store, bounds, listeners, seatings)
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
        """The number of commands in the queues."""
        return self._queues.waiting

    @property
    def overflowing(self) -> bool:
        """Whether new commands are being refused because the queues are full."""
        return self._queues.waiting >= self._bounds.process_queue_max

    async def submit(
        self, event_id: UUID, command: Command, *, on_finished: Callable[[], None] | None = None
    ) -> tuple[Outcome, int]:
        """Have a command decided and stored.

        If the caller is cancelled while the command is still queued, the command is dropped and nothing is done. A
        command that is already in a batch is carried out.

        Args:
            event_id: The event that the command is for.
            command: The command.
            on_finished: Called once, as soon as no transaction works on the command any more, whatever its outcome.

        Returns:
            The command's outcome, and the number of its batch.

        Raises:
            Unavailable: if a queue is full, time runs out or the database does not answer; see its `outcome`.
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
        """Accept no more commands, finish those under way, and answer 503 to any that are not done in time."""
        self._closing = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds_max
        while (self._writers or self._locked or self._queues) and loop.time() < deadline:
            if self._writers:
                await asyncio.wait(tuple(self._writers), timeout=deadline - loop.time())
            else:  # only batches of locked events are left, and they return on a timer
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
        """Drop a command whose caller has gone, unless a batch has taken it."""
        if self._queues.remove(event_id, ticket):
            metrics.commands_abandoned_total.inc()
            ticket.finish()
        elif ticket.future.done() and not ticket.future.cancelled():
            ticket.future.exception()  # marks it as retrieved: the caller left just as it failed

    def _wake_writer(self) -> None:
        """Start a writer: now if none is at work, otherwise if those at work take too long."""
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
        # The writer serves everyone who queues, so it must not log under one caller's request id.
        writer = asyncio.create_task(self._write(), context=Context())
        self._writers.add(writer)
        writer.add_done_callback(self._writers.discard)

    async def _write(self) -> None:
        """Write one transaction after another until no command is left."""
        try:
            while batches := self._queues.take():
                if self._queues:
                    self._wake_writer()  # this transaction may be slow, and those behind it need a writer
                await self._carry_out(batches, wait_seconds=0.0)
        finally:
            self._free_slots += 1
            if self._queues:
                self._wake_writer()

    def _try_again(self, batch: Batch) -> None:
        self._queues.write_again(batch)
        self._wake_writer()

    async def _wait_for(self, batch: Batch, seconds: float) -> None:
        """Write a batch whose event is locked elsewhere. It may wait, so it does not take a writer's place."""
        if not batch.is_rerun and batch.tickets:
            # Wait no longer than the oldest command may. It is then refused, and must not be carried out afterwards.
            left_seconds = batch.oldest_at + self._bounds.queue_seconds_max - asyncio.get_running_loop().time()
            seconds = max(min(seconds, left_seconds), WAIT_SECONDS_MIN)
        await self._carry_out([batch], wait_seconds=seconds)
        if self._queues:
            self._wake_writer()

    async def _carry_out(self, batches: Sequence[Batch], *, wait_seconds: float) -> None:
        """Write batches in one transaction, and release each of them whatever happens."""
        left = dict.fromkeys(batches)
        try:
            await self._run(left, wait_seconds)
        except Exception as failure:
            log.exception("batches_failed", events=len(left))
            for batch in left:
                batch.fail(failure)
        finally:
            for batch in left:
                batch.fail(Unavailable("The write was interrupted.", outcome="none"))
                self._end(batch)

    async def _run(self, left: dict[Batch, None], wait_seconds: float) -> None:
        """Write batches in one transaction, and remove from `left` those that have ended or now wait elsewhere."""
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
        """Drop the commands nobody waits for and those that waited too long; return whether any are left."""
        if batch.number:
            limit = asyncio.get_running_loop().time() - self._bounds.queue_seconds_max
            self._reject(batch.take_older_than(limit), reason="waited_too_long")
        batch.leave_out_answered()
        return bool(batch.tickets)

    def _begin(self, batches: Sequence[Batch]) -> float:
        """Number the batches that have not been tried before and start their deadlines; return the time."""
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
        """Release a batch. Its event takes its place in the line again if it has more commands waiting."""
        try:
            batch.finish()
        finally:
            self._runner.under_way.discard(batch)
            self._queues.release(batch)

    async def _sweep(self) -> None:
        """Refuse commands that have waited too long, even while their event's transaction hangs."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                limit = loop.time() - self._bounds.queue_seconds_max
                self._reject(self._queues.take_older_than(limit), reason="waited_too_long")
                for batch in self._locked:
                    self._reject(batch.take_older_than(limit), reason="waited_too_long")
                    if not batch.tickets:
                        self._locked.remove(batch)
                        self._end(batch)
                if self._queues:
                    self._wake_writer()
            except Exception:  # the sweep must go on: nothing else ends commands that wait
                log.exception("sweep_failed")

    @staticmethod
    def _reject(tickets: Sequence[Ticket], *, reason: str) -> None:
        for ticket in tickets:
            ticket.fail(Unavailable("The request waited too long.", outcome="none"))
            ticket.finish()
            metrics.commands_rejected_total.labels(reason).inc()
