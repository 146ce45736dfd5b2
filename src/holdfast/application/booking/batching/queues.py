"""The queues of all events in a process, and the order in which events take their turns."""

from collections import deque
from uuid import UUID

from holdfast.application.booking.batching.batch import Batch
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.batching.queue import EventQueue, Ticket
from holdfast.domain.booking.reservation import SEATS_MAX

TOGETHER_COMMANDS_MAX = 64
"""Commands of several events in one transaction. An event with more has a transaction of its own, so that the others do
not have to wait for it."""


class Queues:
    """The events take turns. An event gets its next turn only when its current batch has ended."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._together_max = min(TOGETHER_COMMANDS_MAX, bounds.commands_max, bounds.seats_max // SEATS_MAX)
        self._queues: dict[UUID, EventQueue] = {}
        self._ready: deque[UUID] = deque()
        """Events with waiting commands and no batch under way, in the order of their turns."""
        self._alone: deque[Batch] = deque()
        """Batches that failed in a shared transaction. Each is written by itself."""
        self._again: deque[Batch] = deque()
        """Batches whose events were locked by another session and may be free now."""
        self.waiting = 0
        """The number of commands in the queues."""

    def __bool__(self) -> bool:
        """Whether there is a batch to write."""
        return bool(self._ready or self._alone or self._again)

    def length_of(self, event_id: UUID) -> int:
        """Return the number of commands waiting for an event."""
        queue = self._queues.get(event_id)
        return 0 if queue is None else len(queue)

    def put(self, event_id: UUID, ticket: Ticket) -> bool:
        """Queue a command for its event; return True if a batch for the event can begin now."""
        queue = self._queues.get(event_id)
        begins = queue is None
        if queue is None:
            queue = self._queues[event_id] = EventQueue()
            self._ready.append(event_id)
        queue.put(ticket)
        self.waiting += 1
        return begins

    def remove(self, event_id: UUID, ticket: Ticket) -> bool:
        """Remove a command from its queue; return False if it is no longer there."""
        queue = self._queues.get(event_id)
        if queue is None or not queue.remove(ticket):
            return False
        self.waiting -= 1
        return True

    def take_older_than(self, enqueued_at: float) -> list[Ticket]:
        """Remove and return every command that was queued before `enqueued_at`."""
        taken = [ticket for queue in self._queues.values() for ticket in queue.take_older_than(enqueued_at)]
        self.waiting -= len(taken)
        return taken

    def write_alone(self, batch: Batch) -> None:
        """Write a batch by itself, next."""
        self._alone.append(batch)

    def write_again(self, batch: Batch) -> None:
        """Try a batch again, together with others that are being retried."""
        self._again.append(batch)

    def take(self) -> list[Batch]:
        """Return the batches for the next transaction; an empty list if nothing waits."""
        if self._alone:
            return [self._alone.popleft()]
        if self._again:
            return self._take_again()
        return self._take_ready()

    def release(self, batch: Batch) -> None:
        """End a batch's turn. Its event takes its place in the line again if it has more commands waiting."""
        queue = self._queues.get(batch.event_id)
        if queue is None:
            return
        if len(queue):
            self._ready.append(batch.event_id)
        else:
            del self._queues[batch.event_id]

    def _take_ready(self) -> list[Batch]:
        """Take the batch of the longest-waiting event, and those of the next events while they are small."""
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
