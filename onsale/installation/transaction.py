"""One write transaction, step by step."""

from collections.abc import Callable
from typing import Any

from holdfast.cli.sizing.measured import StepName
from onsale.installation.cell import Cell
from onsale.installation.queues import Batch
from onsale.installation.times import Times
from onsale.machinery.clock import Call
from onsale.machinery.cores import Worker


class Transaction:
    """Lock, load, decide, store, commit: each is a piece of work of the process, then one of PostgreSQL."""

    __slots__ = (
        "_batches",
        "_cell",
        "_costs",
        "_done",
        "_locked",
        "_node",
        "_postgres",
        "_size",
        "_then",
        "_times",
        "_wait_seconds",
    )

    def __init__(
        self,
        node: Worker,
        cell: Cell,
        times: Times,
        batches: list[Batch],
        *,
        wait_seconds: float,
        done: "Callable[[list[Batch], list[Batch]], None]",
    ) -> None:
        """Describe a transaction.

        Args:
            node: The event loop of the process.
            cell: Where it is written.
            times: How long steps take.
            batches: What it carries.
            wait_seconds: How long it may wait for the lock; 0 to skip what is locked.
            done: Called with the batches that are stored, and those whose events were locked.
        """
        self._node = node
        self._cell = cell
        self._times = times
        self._batches = batches
        self._wait_seconds = wait_seconds
        self._done = done
        self._locked: list[Batch] = []
        self._size = self._size_of(batches)
        self._costs = times.of(self._size)
        self._then: Call = self._lock
        self._postgres = 0.0

    def begin(self) -> None:
        """Begin it."""
        self._round_trip("lock", self._lock)

    @staticmethod
    def _size_of(batches: list[Batch]) -> tuple[int, int, int]:
        return len(batches), sum(len(batch.requests) for batch in batches), sum(batch.seats for batch in batches)

    def _round_trip(self, step: StepName, then: Call, *, before: float = 0.0) -> None:
        """Have the process make a statement, and PostgreSQL carry it out.

        Args:
            step: Which.
            then: Called when PostgreSQL has done it.
            before: What else the process works right before it.
        """
        times = self._times
        factor = times.factor(step)
        node, postgres = self._costs[step]
        self._then = then
        self._postgres = postgres * factor
        self._node.run(before + node * factor, self._arrived, later=times.wait(step) * factor)

    def _arrived(self, _: None) -> None:
        self._cell.work(self._postgres, self._then)

    def _lock(self, _: Any) -> None:  # noqa: ANN401 - every call has an argument
        locks = self._cell.locks
        if self._wait_seconds:
            locks[self._batches[0].event].wait(self._wait_seconds, self._waited)
            return
        self._locked = [batch for batch in self._batches if not locks[batch.event].take()]
        self._load_locked()

    def _waited(self, how: str) -> None:
        if how == "busy":
            self._locked = list(self._batches)
        self._load_locked()

    def _load_locked(self) -> None:
        if self._locked:
            self._batches = [batch for batch in self._batches if batch not in self._locked]
            self._size = self._size_of(self._batches)
            self._costs = self._times.of(self._size)
        if self._batches:
            self._round_trip("load", self._loaded)
        else:
            # It looks whether the event exists at all, and rolls back: a round trip that costs as much as the lock.
            self._round_trip("lock", self._end)

    def _loaded(self, _: None) -> None:
        decides = self._costs["decide"][0] * self._times.factor("decide")
        self._round_trip("store", self._stored, before=decides)

    def _stored(self, _: None) -> None:
        self._round_trip("commit", self._written)

    def _written(self, _: None) -> None:
        self._cell.flush(self._end)

    def _end(self, _: Any) -> None:  # noqa: ANN401 - every call has an argument
        for batch in self._batches:
            self._cell.locks[batch.event].release()
        if self._batches:
            self._cell.transactions += 1
            self._cell.commands += self._size[1]
        self._done(self._batches, self._locked)
