"""The commands of one event on their way through one transaction, and when they are answered."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

from holdfast.application.batching.queue import Ticket
from holdfast.application.batching.write import Progress
from holdfast.application.failures import GuardMismatch, Unavailable
from holdfast.domain.commands import Command, Outcome
from holdfast.telemetry import tracing


class Batch:
    """What was taken out of one event's queue.

    From `begin` to `finish` it has a deadline, at which its tickets are answered 503 while the writing goes on: a
    COMMIT is never cancelled. `progress` sees to it that none is sent after a client was told of no effect.
    """

    __slots__ = ("_alarm", "deadline", "event_id", "number", "progress", "tickets")

    def __init__(self, event_id: UUID, tickets: Sequence[Ticket]) -> None:
        self.event_id = event_id
        self.tickets = tickets
        self.progress = Progress()
        self.number = 0
        self.deadline = 0.0
        """On the event loop's clock."""
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def commands(self) -> list[Command]:
        """What is wanted, in order."""
        return [ticket.command for ticket in self.tickets]

    def begin(self, number: int, *, deadline: float) -> None:
        """Number the batch, and set the alarm."""
        self.number = number
        for ticket in self.tickets:
            ticket.batch = number
        self.deadline = deadline
        self._alarm = asyncio.get_running_loop().call_at(deadline, self.give_up)

    def give_up(self) -> None:
        """Answer what has no answer yet; nothing more is begun for it."""
        outcome = self.progress.give_up()
        self.fail(Unavailable("The database did not answer in time.", outcome=outcome))

    def answer(self, outcomes: Iterable[Outcome]) -> None:
        """Answer each ticket that nobody has answered yet."""
        for ticket, outcome in zip(self.tickets, outcomes, strict=True):
            if not ticket.future.done():
                ticket.future.set_result(outcome)

    def fail(self, failure: Exception) -> None:
        """Answer all with what made the writing fail; a bug stays as it is and becomes a 500."""
        if isinstance(failure, GuardMismatch):
            failure = Unavailable("The event's rows were not as expected; this was reported.", outcome="none")
        for ticket in self.tickets:
            ticket.fail(failure)

    def disarm(self) -> None:
        """Forget the deadline."""
        if self._alarm is not None:
            self._alarm.cancel()

    def finish(self) -> None:
        """No transaction works on these commands any more."""
        self.disarm()
        for ticket in self.tickets:
            ticket.finish()


def span_of(number: int, batches: Sequence[Batch]) -> AbstractContextManager[object]:
    """Span the transaction of these batches, where there are traces."""
    if tracing.active is None:
        return nullcontext()
    event_ids = " ".join(str(batch.event_id) for batch in batches)
    return tracing.active.batch(number, event_ids, [ticket.span for batch in batches for ticket in batch.tickets])
