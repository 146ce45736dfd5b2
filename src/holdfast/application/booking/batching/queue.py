"""What waits for one event."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from holdfast.application.failures import Unavailable
from holdfast.domain.booking.commands import Command, Outcome, Reserve
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Ticket:
    """A command in the queue, and where its outcome goes."""

    command: Command
    future: asyncio.Future[Outcome]
    enqueued_at: float
    """Seconds of the event loop's clock."""
    on_finished: Callable[[], None] | None = None
    """Called once, when the command's last transaction has ended or it never had one."""
    batch: int = 0
    """Number of the batch it travelled in; 0 before."""
    span: object | None = None
    """Where it comes from, for the trace; None where there are no traces."""

    def fail(self, error: Exception) -> None:
        """Answer with an error, unless it was answered."""
        if not self.future.done():
            self.future.set_exception(error)
            if isinstance(error, Unavailable) and error.outcome == "unknown":
                metrics.unknown_outcomes_total.inc()

    def finish(self) -> None:
        """Tell whoever wanted to know that no transaction works on this command any more."""
        on_finished, self.on_finished = self.on_finished, None
        if on_finished is not None:
            try:
                on_finished()
            except Exception:  # other commands of its event wait behind it
                log.exception("on_finished_failed")


class EventQueue:
    """Two lines: confirmations and cancellations go ahead of new wishes, for they need no seat."""

    def __init__(self) -> None:
        self._urgent: OrderedDict[Ticket, None] = OrderedDict()
        self._wishes: OrderedDict[Ticket, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._urgent) + len(self._wishes)

    def put(self, ticket: Ticket) -> None:
        """Stand at the end of the line."""
        self._line_of(ticket)[ticket] = None

    def remove(self, ticket: Ticket) -> bool:
        """Leave the line, from wherever in it; False where it stands there no more."""
        line = self._line_of(ticket)
        if ticket not in line:
            return False
        del line[ticket]
        return True

    def take(self, *, commands_max: int, seats_max: int) -> list[Ticket]:
        """Take the next batch from the front of both lines; those whose clients have gone are left out."""
        taken: list[Ticket] = []
        seats = 0
        for line in (self._urgent, self._wishes):
            while line and len(taken) < commands_max:
                ticket, _ = line.popitem(last=False)
                if ticket.future.done():
                    ticket.finish()
                    continue
                command = ticket.command
                seats += len(command.seat_ids) if isinstance(command, Reserve) else 1
                if seats > seats_max and taken:
                    line[ticket] = None
                    line.move_to_end(ticket, last=False)
                    return taken
                taken.append(ticket)
        return taken

    def take_older_than(self, enqueued_at: float) -> list[Ticket]:
        """Take out everything that was put before `enqueued_at`."""
        taken: list[Ticket] = []
        for line in (self._urgent, self._wishes):
            while line and next(iter(line)).enqueued_at < enqueued_at:
                taken.append(line.popitem(last=False)[0])
        return taken

    def _line_of(self, ticket: Ticket) -> OrderedDict[Ticket, None]:
        return self._wishes if isinstance(ticket.command, Reserve) else self._urgent
