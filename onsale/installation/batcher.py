"""Collects the requests of each event, and has them written, as `application/booking/batching/batcher.py` does."""

from collections import Counter
from collections.abc import Callable, Sequence

from onsale.installation.cell import Cell
from onsale.installation.locked_events import LockedEvents
from onsale.installation.queues import Batch, Bounds, Queues
from onsale.installation.request import Request
from onsale.installation.times import Times
from onsale.installation.transaction import Transaction
from onsale.machinery.clock import Clock
from onsale.machinery.cores import Worker

PATIENCE_SECONDS = 0.005
"""As in `batcher.py`; a test compares the two."""


class Batcher:
    """The writers of one process for one cell."""

    def __init__(
        self,
        clock: Clock,
        node: Worker,
        cell: Cell,
        times: Times,
        bounds: Bounds,
        *,
        stored: Callable[[Sequence[Request]], None],
        refused: Callable[[Request], None],
    ) -> None:
        """Set up idle writers.

        Args:
            clock: The time.
            node: The event loop of the process.
            cell: Where it writes.
            times: How long steps take.
            bounds: The limits.
            stored: Called with the requests of each batch that was committed.
            refused: Called with each request that a full queue, or a long wait, has refused.
        """
        self._clock = clock
        self._node = node
        self._cell = cell
        self._times = times
        self._bounds = bounds
        self._stored = stored
        self._refused = refused
        self._queues = Queues(bounds)
        self._free = bounds.writers
        self._patient = False
        self._locked = LockedEvents(clock, self._wait_for, self._try_again)
        self.batches: Counter[int] = Counter()
        """Transactions by the number of their commands."""

    def submit(self, request: Request) -> None:
        """Queue a request."""
        request.queued_at = self._clock.now
        begins = self._queues.put(request)
        if begins is None:
            self._refused(request)
        elif begins:
            self._wake_writer()

    def _wake_writer(self) -> None:
        if self._free == self._bounds.writers:
            self._start_writer()
        elif not self._patient:
            self._patient = True
            self._clock.after(PATIENCE_SECONDS, self._lose_patience)

    def _lose_patience(self, _: None) -> None:
        self._patient = False
        if self._queues:
            self._start_writer()
            self._wake_writer()

    def _start_writer(self) -> None:
        if self._free:
            self._free -= 1
            # A task begins in the next turn of the loop, when everything that has arrived by now has been handled.
            self._node.run(0.0, self._write)

    def _write(self, _: None) -> None:
        batches = self._wanted(self._queues.take())
        while not batches and self._queues:
            batches = self._wanted(self._queues.take())
        if not batches:
            self._free += 1
            return
        if self._queues:
            self._wake_writer()
        self._carry_out(batches, 0.0, self._written)

    def _written(self, stored: list[Batch], locked: list[Batch]) -> None:
        self._end(stored, locked)
        self._write(None)

    def _wait_for(self, batch: Batch, seconds: float) -> None:
        if not self._wanted([batch]):
            self._locked.waited()
            return
        self._carry_out([batch], seconds, self._waited)

    def _waited(self, stored: list[Batch], locked: list[Batch]) -> None:
        self._end(stored, locked)
        self._locked.waited()
        if self._queues:
            self._wake_writer()

    def _try_again(self, batch: Batch) -> None:
        self._queues.write_again(batch)
        self._wake_writer()

    def _carry_out(
        self, batches: list[Batch], wait_seconds: float, done: Callable[[list[Batch], list[Batch]], None]
    ) -> None:
        Transaction(self._node, self._cell, self._times, batches, wait_seconds=wait_seconds, done=done).begin()

    def _end(self, stored: list[Batch], locked: list[Batch]) -> None:
        if stored:
            self.batches[sum(len(batch.requests) for batch in stored)] += 1
        for batch in stored:
            self._queues.release(batch.event)
            self._stored(batch.requests)
        for batch in locked:
            self._locked.add(batch)

    def _wanted(self, batches: list[Batch]) -> list[Batch]:
        """Refuse what has waited too long; return the batches that have anything left."""
        limit = self._clock.now - self._bounds.queue_seconds_max
        wanted = []
        for batch in batches:
            if batch.requests[0].queued_at < limit or batch.requests[-1].queued_at < limit:
                for request in batch.requests:
                    if request.queued_at < limit:
                        self._refused(request)
                batch.requests = [request for request in batch.requests if request.queued_at >= limit]
                batch.seats = sum(1 if request.urgent else request.seats for request in batch.requests)
            if batch.requests:
                wanted.append(batch)
            else:
                self._queues.release(batch.event)
        return wanted
