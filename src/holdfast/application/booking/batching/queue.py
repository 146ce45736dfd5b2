"""The commands waiting for one event."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from holdfast.application.failures import Unavailable
from holdfast.domain.booking.commands import ChangeSeats, Command, Outcome, Reserve
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)


CHOICES_MAX = 64
"""Requests in one batch that leave the choice of seats to us. Choosing keeps the event loop busier than anything else
that a batch decides: 0.1 ms each in an ordinary hall, up to 1 ms in a large one that is almost sold out."""


def _weight_of(command: Command, seats_max: int) -> int:
    """Return as how many seats a command counts in a batch of at most `seats_max`."""
    if isinstance(command, Reserve) and command.best is not None:
        return max(command.count, seats_max // CHOICES_MAX)
    return command.count if isinstance(command, Reserve | ChangeSeats) else 1


@dataclass(slots=True, eq=False)
class Ticket:
    """A queued command, and the future that receives its outcome."""

    command: Command
    future: asyncio.Future[Outcome]
    enqueued_at: float
    """In seconds of the event loop's clock."""
    on_finished: Callable[[], None] | None = None
    """Called once, after the command's last transaction has ended, or when it is clear that there will be none."""
    batch: int = 0
    """The number of the batch it was written in; 0 before that."""
    span: object | None = None
    """The request's trace span, if tracing is on."""

    def fail(self, error: Exception) -> None:
        """Answer with an error, unless the ticket has already been answered."""
        if not self.future.done():
            self.future.set_exception(error)
            if isinstance(error, Unavailable) and error.outcome == "unknown":
                metrics.unknown_outcomes_total.inc()

    def finish(self) -> None:
        """Call `on_finished`: no transaction works on this command any more."""
        on_finished, self.on_finished = self.on_finished, None
        if on_finished is not None:
            try:
                on_finished()
            except Exception:  # other commands of the event are waiting
                log.exception("on_finished_failed")


class EventQueue:
    """Two lines. What needs no free seat, such as a confirmation, goes ahead of new reservations and other seats."""

    def __init__(self) -> None:
        self._urgent: OrderedDict[Ticket, None] = OrderedDict()
        self._wishes: OrderedDict[Ticket, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._urgent) + len(self._wishes)

    def put(self, ticket: Ticket) -> None:
        """Add a ticket at the end of its line."""
        self._line_of(ticket)[ticket] = None

    def remove(self, ticket: Ticket) -> bool:
        """Remove a ticket from anywhere in its line; return False if it is no longer there."""
        line = self._line_of(ticket)
        if ticket not in line:
            return False
        del line[ticket]
        return True

    def take(self, *, commands_max: int, seats_max: int) -> list[Ticket]:
        """Take the next batch from the front of both lines, skipping commands whose callers have gone."""
        taken: list[Ticket] = []
        seats = 0
        for line in (self._urgent, self._wishes):
            while line and len(taken) < commands_max:
                ticket, _ = line.popitem(last=False)
                if ticket.future.done():
                    ticket.finish()
                    continue
                command = ticket.command
                seats += _weight_of(command, seats_max)
                if seats > seats_max and taken:
                    line[ticket] = None
                    line.move_to_end(ticket, last=False)
                    return taken
                taken.append(ticket)
        return taken

    def take_older_than(self, enqueued_at: float) -> list[Ticket]:
        """Remove and return every ticket that was added before `enqueued_at`."""
        taken: list[Ticket] = []
        for line in (self._urgent, self._wishes):
            while line and next(iter(line)).enqueued_at < enqueued_at:
                taken.append(line.popitem(last=False)[0])
        return taken

    def _line_of(self, ticket: Ticket) -> OrderedDict[Ticket, None]:
        return self._wishes if isinstance(ticket.command, Reserve | ChangeSeats) else self._urgent
