"""The commands of one event on their way through one transaction, and when they are answered."""

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
    """What was taken out of one event's queue.

    From `begin` to `finish` it has a deadline, at which its tickets are answered 503 while the writing goes on: a
    COMMIT is never cancelled. `progress` sees to it that none is sent after a client was told of no effect.
    """

    __slots__ = ("_alarm", "deadline", "event_id", "number", "progress", "singles", "tickets", "turns")

    def __init__(self, event_id: UUID, tickets: Sequence[Ticket], progress: Progress | None = None) -> None:
        self.event_id = event_id
        self.tickets = tickets
        self.progress = progress or Progress()
        self.number = 0
        self.turns = 0
        """How often its event's lock was waited for."""
        self.deadline = 0.0
        """On the event loop's clock."""
        self.singles: deque[Batch] | None = None
        """Its commands one by one, those that are still to be written; None while it is written as a whole."""
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def commands(self) -> list[Command]:
        """What is wanted, in order."""
        return [ticket.command for ticket in self.tickets]

    @property
    def is_rerun(self) -> bool:
        """Whether it must not share a transaction with others: it failed before, or a COMMIT of it is in doubt."""
        return self.singles is not None or self.progress.in_doubt

    @property
    def oldest_at(self) -> float:
        """When the command came that has waited the longest, on the event loop's clock."""
        return min(ticket.enqueued_at for ticket in self.tickets)

    def begin(self, number: int, *, deadline: float) -> None:
        """Number the batch, and set the alarm."""
        self.number = number
        for ticket in self.tickets:
            ticket.batch = number
        self._end_at(deadline)

    def divide(self, *, deadline: float) -> None:
        """Have its commands written one by one from here on, and set the alarm anew.

        A COMMIT of the whole that is in doubt is in doubt for each of them.
        """
        self.singles = deque(
            Batch(self.event_id, [ticket], Progress(self.progress.doubt, given_up=self.progress.given_up))
            for ticket in self.tickets
        )
        self._end_at(deadline)

    def give_up(self) -> None:
        """Answer what has no answer yet; nothing more is begun for it."""
        if self.singles is not None:
            for single in self.singles:
                single.give_up()
            return
        outcome = self.progress.give_up()
        self.fail(Unavailable("The database did not answer in time.", outcome=outcome))

    def leave_out_answered(self) -> None:
        """Forget the commands that were answered, or whose callers have gone, while no transaction works on them."""
        if not any(ticket.future.done() for ticket in self.tickets):
            return
        for ticket in self.tickets:
            if ticket.future.done():
                ticket.finish()
        self.tickets = [ticket for ticket in self.tickets if not ticket.future.done()]
        if self.singles is not None:
            self.singles = deque(single for single in self.singles if not single.tickets[0].future.done())

    def take_older_than(self, enqueued_at: float) -> list[Ticket]:
        """Take out the commands that came before that, unless they have been worked on."""
        if self.is_rerun:
            return []
        taken = [ticket for ticket in self.tickets if ticket.enqueued_at < enqueued_at]
        if taken:
            self.tickets = [ticket for ticket in self.tickets if ticket.enqueued_at >= enqueued_at]
        return taken

    def answer(self, outcomes: Iterable[Outcome]) -> None:
        """Answer each ticket that nobody has answered yet."""
        for ticket, outcome in zip(self.tickets, outcomes, strict=True):
            if not ticket.future.done():
                ticket.future.set_result(outcome)

    def fail(self, failure: Exception) -> None:
        """Answer all with what made the writing fail; a bug becomes a 500, unless a COMMIT may have landed."""
        answer = told(failure, in_doubt=self.progress.in_doubt)
        if answer is not failure and not isinstance(failure, (Unavailable, OperationalFailure, GuardMismatch)):
            log.error("batch_failed_in_doubt", event_id=str(self.event_id), exc_info=failure)
        for ticket in self.tickets:
            ticket.fail(answer)

    def finish(self) -> None:
        """No transaction works on these commands any more."""
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
    """Span the transaction of these batches, where there are traces."""
    if tracing.active is None:
        return nullcontext()
    event_ids = " ".join(str(batch.event_id) for batch in batches)
    return tracing.active.batch(number, event_ids, [ticket.span for batch in batches for ticket in batch.tickets])
