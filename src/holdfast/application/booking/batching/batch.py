"""The commands of one event that share a transaction, and how they are answered."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

import structlog

from holdfast.application.booking.batching.progress import Progress
from holdfast.application.booking.batching.queue import Ticket
from holdfast.application.failures import GuardMismatch, OperationalFailure, Unavailable, told
from holdfast.domain.booking.commands import Command, Outcome
from holdfast.telemetry import tracing

log = structlog.get_logger(__name__)


class Batch:
    """The commands taken together from one event's queue.

    From `begin` to `finish` the batch has a deadline. When it passes, the tickets are answered 503 but the write goes
    on, because a COMMIT is never cancelled. `progress` makes sure that no COMMIT is sent once a client has been told
    that nothing happened.
    """

    __slots__ = ("_alarm", "deadline", "event_id", "number", "progress", "singles", "tickets", "turns")

    def __init__(self, event_id: UUID, tickets: Sequence[Ticket], progress: Progress | None = None) -> None:
        self.event_id = event_id
        self.tickets = tickets
        self.progress = progress or Progress()
        self.number = 0
        self.turns = 0
        """How often the batch has waited for its event's lock."""
        self.deadline = 0.0
        """In seconds of the event loop's clock."""
        self.singles: deque[Batch] | None = None
        """One batch per command that remains to be written; None while the batch is written as a whole."""
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def commands(self) -> list[Command]:
        """The commands, in order."""
        return [ticket.command for ticket in self.tickets]

    @property
    def is_rerun(self) -> bool:
        """Whether the batch must have a transaction to itself: it failed before, or one of its COMMITs is in doubt."""
        return self.singles is not None or self.progress.in_doubt

    @property
    def oldest_at(self) -> float:
        """When the longest-waiting command arrived, in seconds of the event loop's clock."""
        return min(ticket.enqueued_at for ticket in self.tickets)

    def begin(self, number: int, *, deadline: float) -> None:
        """Number the batch and start its deadline."""
        self.number = number
        for ticket in self.tickets:
            ticket.batch = number
        self._end_at(deadline)

    def divide(self, *, deadline: float) -> None:
        """Write the commands one by one from here on, with a new deadline.

        If a COMMIT of the whole batch is in doubt, it is in doubt for each of them.
        """
        self.singles = deque(
            Batch(self.event_id, [ticket], Progress(self.progress.doubt, given_up=self.progress.given_up))
            for ticket in self.tickets
        )
        self._end_at(deadline)

    def give_up(self) -> None:
        """Answer the tickets that are still open; nothing more is started for them."""
        if self.singles is not None:
            for single in self.singles:
                single.give_up()
            return
        outcome = self.progress.give_up()
        self.fail(Unavailable("The database did not answer in time.", outcome=outcome))

    def leave_out_answered(self) -> None:
        """Drop the commands that were answered or whose callers have gone. Call it only between transactions."""
        if not any(ticket.future.done() for ticket in self.tickets):
            return
        for ticket in self.tickets:
            if ticket.future.done():
                ticket.finish()
        self.tickets = [ticket for ticket in self.tickets if not ticket.future.done()]
        if self.singles is not None:
            self.singles = deque(single for single in self.singles if not single.tickets[0].future.done())

    def take_older_than(self, enqueued_at: float) -> list[Ticket]:
        """Remove the commands that arrived before `enqueued_at`, unless an attempt has already been made for them."""
        if self.is_rerun:
            return []
        taken = [ticket for ticket in self.tickets if ticket.enqueued_at < enqueued_at]
        if taken:
            self.tickets = [ticket for ticket in self.tickets if ticket.enqueued_at >= enqueued_at]
        return taken

    def answer(self, outcomes: Iterable[Outcome]) -> None:
        """Answer each ticket that is still open."""
        for ticket, outcome in zip(self.tickets, outcomes, strict=True):
            if not ticket.future.done():
                ticket.future.set_result(outcome)

    def fail(self, failure: Exception) -> None:
        """Answer all tickets with the failure. A bug becomes a 500, unless a COMMIT may have taken effect."""
        answer = told(failure, in_doubt=self.progress.in_doubt)
        if answer is not failure and not isinstance(failure, (Unavailable, OperationalFailure, GuardMismatch)):
            log.error("batch_failed_in_doubt", event_id=str(self.event_id), exc_info=failure)
        for ticket in self.tickets:
            ticket.fail(answer)

    def finish(self) -> None:
        """Release the tickets: no transaction works on them any more."""
        if self._alarm is not None:
            self._alarm.cancel()
        for ticket in self.tickets:
            ticket.finish()

    def _end_at(self, deadline: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self.deadline = deadline
        self._alarm = asyncio.get_running_loop().call_at(deadline, self.give_up)


def span_of(number: int, batches: Sequence[Batch]) -> AbstractContextManager[object]:
    """Open a trace span for the transaction of these batches, if tracing is on."""
    if tracing.active is None:
        return nullcontext()
    event_ids = " ".join(str(batch.event_id) for batch in batches)
    return tracing.active.batch(number, event_ids, [ticket.span for batch in batches for ticket in batch.tickets])
