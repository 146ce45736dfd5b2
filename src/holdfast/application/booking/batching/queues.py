"""The queues of all events of a process, and whose turn it is."""

from collections import deque
from uuid import UUID

from holdfast.application.booking.batching.batch import Batch
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.batching.queue import EventQueue, Ticket
from holdfast.domain.booking.reservation import SEATS_MAX

TOGETHER_COMMANDS_MAX = 64
"""Commands of several events in one transaction: an event with more has its own, and keeps nobody else waiting."""


class Queues:
    """Events take turns. An event of which a batch is under way has none until that has ended."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._together_max = min(TOGETHER_COMMANDS_MAX, bounds.commands_max, bounds.seats_max // SEATS_MAX)
        self._queues: dict[UUID, EventQueue] = {}
        self._ready: deque[UUID] = deque()
        """Events whose commands wait, and of which no batch is under way, in the order of their turns."""
        self._alone: deque[Batch] = deque()
        """Batches that failed together with others: each is written by itself."""
        self._again: deque[Batch] = deque()
        """Batches whose events were locked by somebody else, and may be free now."""
        self.waiting = 0
        """How many commands stand in the queues."""

    def __bool__(self) -> bool:
        """Whether a batch could be begun."""
        return bool(self._ready or self._alone or self._again)

    def length_of(self, event_id: UUID) -> int:
        """Tell how many commands wait for an event."""
        queue = self._queues.get(event_id)
        return 0 if queue is None else len(queue)

    def put(self, event_id: UUID, ticket: Ticket) -> bool:
        """Have a command stand in its event's line; True where a batch of it could be begun."""
        queue = self._queues.get(event_id)
        begins = queue is None
        if queue is None:
            queue = self._queues[event_id] = EventQueue()
            self._ready.append(event_id)
        queue.put(ticket)
        self.waiting += 1
        return begins

    def remove(self, event_id: UUID, ticket: Ticket) -> bool:
        """Take a command out of its line; False where it stands there no more."""
        queue = self._queues.get(event_id)
        if queue is None or not queue.remove(ticket):
            return False
        self.waiting -= 1
        return True

    def take_older_than(self, enqueued_at: float) -> list[Ticket]:
        """Take every command out of its line that was put before that."""
        taken = [ticket for queue in self._queues.values() for ticket in queue.take_older_than(enqueued_at)]
        self.waiting -= len(taken)
        return taken

    def write_alone(self, batch: Batch) -> None:
        """Have a batch written by itself, next."""
        self._alone.append(batch)

    def write_again(self, batch: Batch) -> None:
        """Have a batch tried again, with others that are tried again."""
        self._again.append(batch)

    def take(self) -> list[Batch]:
        """Give what is to be written in the next transaction; nothing where nothing waits."""
        if self._alone:
            return [self._alone.popleft()]
        if self._again:
            return self._take_again()
        return self._take_ready()

    def release(self, batch: Batch) -> None:
        """A batch has ended; its event stands in line again if more of its commands wait."""
        queue = self._queues.get(batch.event_id)
        if queue is None:
            return
        if len(queue):
            self._ready.append(batch.event_id)
        else:
            del self._queues[batch.event_id]

    def _take_ready(self) -> list[Batch]:
        """Take the batch of the event that has waited the longest, and those of the next ones while they are small."""
        batches: list[Batch] = []
        commands = 0
        while self._ready and len(batches) < self._bounds.events_max:
            queue = self._queues[self._ready[0]]
            if batches and commands + len(queue) > self._together_max:
                break
            before = len(queue)
            tickets = queue.take(commands_max=self._bounds.commands_max, seats_max=self._bounds.seats_max)
            self.waiting -= before - len(queue)
            commands += len(tickets)
            batches.append(Batch(self._ready.popleft(), tickets))
        return batches

    def _take_again(self) -> list[Batch]:
        batches: list[Batch] = []
        commands = 0
        while self._again and len(batches) < self._bounds.events_max:
            batch = self._again[0]
            if batches and (batch.is_rerun or commands + len(batch.tickets) > self._together_max):
                break
            batches.append(self._again.popleft())
            commands += len(batch.tickets)
            if batch.is_rerun:
                break
        return batches
