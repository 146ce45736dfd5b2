"""The queues of a process for one cell, as `application/booking/batching/queues.py` keeps them."""

from collections import deque
from dataclasses import dataclass, field

from onsale.installation.request import Request

TOGETHER_COMMANDS_MAX = 64
"""As in `queues.py`; a test compares the two."""


@dataclass(frozen=True)
class Bounds:
    """The batcher's limits. The defaults are those of the settings, which a test compares."""

    commands_max: int = 256
    seats_max: int = 1_000
    events_max: int = 16
    event_queue_max: int = 4_096
    process_queue_max: int = 16_384
    queue_seconds_max: float = 2.0
    writers: int = 4


@dataclass(eq=False, slots=True)
class Batch:
    """The requests of one event that are written together."""

    event: int
    requests: list[Request]
    seats: int
    turns: int = 0
    """How often it has waited for its lock."""


@dataclass(eq=False, slots=True)
class _Lines:
    urgent: deque[Request] = field(default_factory=deque)
    wishes: deque[Request] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self.urgent) + len(self.wishes)

    def take(self, bounds: Bounds) -> tuple[list[Request], int]:
        taken: list[Request] = []
        seats = 0
        for line in (self.urgent, self.wishes):
            while line and len(taken) < bounds.commands_max:
                weight = 1 if line[0].urgent else line[0].seats
                if seats + weight > bounds.seats_max and taken:
                    return taken, seats
                seats += weight
                taken.append(line.popleft())
        return taken, seats


class Queues:
    """The events take turns. One gets its next turn only when its batch has ended."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._lines: dict[int, _Lines] = {}
        self._ready: deque[int] = deque()
        self._again: deque[Batch] = deque()
        self.waiting = 0

    def __bool__(self) -> bool:
        return bool(self._ready or self._again)

    def put(self, request: Request) -> bool | None:
        """Queue a request; return whether a batch can begin, or None if a queue is full."""
        lines = self._lines.get(request.event)
        full = lines is not None and len(lines) >= self._bounds.event_queue_max
        if full or self.waiting >= self._bounds.process_queue_max:
            return None
        begins = lines is None
        if lines is None:
            lines = self._lines[request.event] = _Lines()
            self._ready.append(request.event)
        (lines.urgent if request.urgent else lines.wishes).append(request)
        self.waiting += 1
        return begins

    def write_again(self, batch: Batch) -> None:
        """Try a batch once more whose event was locked."""
        self._again.append(batch)

    def take(self) -> list[Batch]:
        """Return the batches of the next transaction; none if nothing waits."""
        batches: list[Batch] = []
        commands = 0
        if self._again:
            while self._again and len(batches) < self._bounds.events_max:
                if batches and commands + len(self._again[0].requests) > TOGETHER_COMMANDS_MAX:
                    break
                batches.append(self._again.popleft())
                commands += len(batches[-1].requests)
            return batches
        while self._ready and len(batches) < self._bounds.events_max:
            lines = self._lines[self._ready[0]]
            if batches and commands + len(lines) > TOGETHER_COMMANDS_MAX:
                break
            requests, seats = lines.take(self._bounds)
            self.waiting -= len(requests)
            commands += len(requests)
            batches.append(Batch(self._ready.popleft(), requests, seats))
        return batches

    def release(self, event: int) -> None:
        """End an event's turn."""
        if self._lines[event]:
            self._ready.append(event)
        else:
            del self._lines[event]
