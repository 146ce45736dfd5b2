"""Batches whose events are locked by another process, as `application/booking/batching/locked_events.py` keeps them."""

from collections.abc import Callable

from onsale.installation.queues import Batch
from onsale.machinery.clock import Clock

POLL_SECONDS = 0.02
POLL_SECONDS_PER_EVENT = 0.001
TURN_SECONDS = 0.5
TURN_SECONDS_MIN = 0.02
"""All of these as in `locked_events.py`; a test compares them."""


class LockedEvents:
    """All are tried again now and then, and one at a time waits in PostgreSQL's own queue for the lock."""

    def __init__(self, clock: Clock, wait_for: Callable[[Batch, float], None], again: Callable[[Batch], None]) -> None:
        """Set up with nothing waiting.

        Args:
            clock: The time.
            wait_for: Writes a batch, waiting so many seconds for its lock. Whoever does it calls `waited` at the end.
            again: Has a writer try a batch without waiting.
        """
        self._clock = clock
        self._wait_for = wait_for
        self._again = again
        self._batches: dict[int, Batch] = {}
        self._polling = False
        self._waits = False

    def add(self, batch: Batch) -> None:
        """Keep a batch until its event is free."""
        self._batches[batch.event] = batch
        if not self._waits:
            self._waits = True
            self._clock.after(0.0, self._wait_in_turn)
        if not self._polling:
            self._polling = True
            self._clock.after(POLL_SECONDS + POLL_SECONDS_PER_EVENT * len(self._batches), self._try_all)

    def waited(self) -> None:
        """Wait for the next one: the wait that was under way has ended."""
        self._wait_in_turn(None)

    def _try_all(self, _: None) -> None:
        self._polling = False
        batches = sorted(self._batches.values(), key=_order_of)
        self._batches.clear()
        for batch in batches:
            self._again(batch)

    def _wait_in_turn(self, _: None) -> None:
        self._waits = bool(self._batches)
        if self._waits:
            seconds = max(TURN_SECONDS_MIN, TURN_SECONDS / len(self._batches))
            batch = min(self._batches.values(), key=_order_of)
            del self._batches[batch.event]
            batch.turns += 1
            self._wait_for(batch, seconds)


def _order_of(batch: Batch) -> tuple[int, float]:
    return batch.turns, batch.requests[0].queued_at
