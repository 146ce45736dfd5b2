"""Batches whose events another session has locked. They wait here, so that they do not occupy a writer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextvars import Context
from uuid import UUID

from holdfast.application.booking.batching.batch import Batch

POLL_SECONDS = 0.02
POLL_SECONDS_PER_EVENT = 0.001
"""How often all of them are tried again. One try takes a transaction of about a millisecond for up to 16 events."""
TURN_SECONDS = 0.5
TURN_SECONDS_MIN = 0.02
"""How long to wait for one event's lock, divided by the number of waiting events. PostgreSQL logs an error when the
wait times out."""


class LockedEvents:
    """Tries locked batches again in two ways.

    Every few milliseconds all of them are tried without waiting for a lock. In addition, one event at a time is waited
    for, over a connection used for nothing else. The wait is needed when several nodes sell the same event: its lock is
    taken again as soon as it is released, so a try that does not wait would rarely find it free. Only those in
    PostgreSQL's own queue for the lock are sure to get it.

    The event that has waited the fewest turns goes first. Events that are merely busy, locked for a few milliseconds at
    a time, thus overtake those that are stuck.
    """

    def __init__(self, wait_for: Callable[[Batch, float], Awaitable[None]], again: Callable[[Batch], None]) -> None:
        """Set up with nothing waiting.

        Args:
            wait_for: Writes a batch, waiting up to that many seconds for its event's lock. The batch may be added here
                again.
            again: Has a writer try a batch again without waiting. The batch may be added here again.
        """
        self._wait_for = wait_for
        self._again = again
        self._batches: dict[UUID, Batch] = {}
        self._poll: asyncio.TimerHandle | None = None
        self.waiter: asyncio.Task[None] | None = None
        """The task that waits for one event after another; None while nothing waits."""

    def __bool__(self) -> bool:
        return bool(self._batches) or self.waiter is not None

    def __iter__(self) -> Iterator[Batch]:
        return iter(tuple(self._batches.values()))

    def add(self, batch: Batch) -> None:
        """Keep a batch until its event is free."""
        self._batches[batch.event_id] = batch
        if self.waiter is None:
            self.waiter = asyncio.create_task(self._wait_in_turn(), context=Context())
        if self._poll is None:
            seconds = POLL_SECONDS + POLL_SECONDS_PER_EVENT * len(self._batches)
            self._poll = asyncio.get_running_loop().call_later(seconds, self._try_all_again)

    def remove(self, batch: Batch) -> None:
        """Stop waiting for a batch."""
        self._batches.pop(batch.event_id, None)

    def close(self) -> None:
        """Stop retrying. A wait that is under way ends by itself, or with its connection."""
        if self._poll is not None:
            self._poll.cancel()
        self._batches.clear()

    def _try_all_again(self) -> None:
        self._poll = None
        batches = sorted(self._batches.values(), key=_order_of)
        self._batches.clear()
        for batch in batches:
            self._again(batch)

    async def _wait_in_turn(self) -> None:
        try:
            while self._batches:
                seconds = max(TURN_SECONDS_MIN, TURN_SECONDS / len(self._batches))
                batch = min(self._batches.values(), key=_order_of)
                del self._batches[batch.event_id]
                batch.turns += 1
                await self._wait_for(batch, seconds)
        finally:
            self.waiter = None


def _order_of(batch: Batch) -> tuple[int, int]:
    return batch.turns, batch.number
