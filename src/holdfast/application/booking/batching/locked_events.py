"""Batches whose events somebody else has locked: they wait here, and keep no writer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextvars import Context
from uuid import UUID

from holdfast.application.booking.batching.batch import Batch

POLL_SECONDS = 0.02
POLL_SECONDS_PER_EVENT = 0.001
"""How often all of them are looked at: each look takes one transaction for up to 16 events, about a millisecond."""
TURN_SECONDS = 0.5
TURN_SECONDS_MIN = 0.02
"""How long the lock of one event is waited for, divided by how many wait. PostgreSQL logs an error at the end of it."""


class LockedEvents:
    """Two ways lead out of here. All are tried again every few milliseconds, without waiting for a lock.

    And one at a time is waited for, over one connection that does nothing else: where several nodes sell one event, its
    lock is taken again as soon as it is free, and only who stands in PostgreSQL's own line gets it. Who has waited the
    fewest turns goes first, so events that others only write, for some milliseconds each, pass those that are stuck.
    """

    def __init__(self, wait_for: Callable[[Batch, float], Awaitable[None]], again: Callable[[Batch], None]) -> None:
        """Say what becomes of a batch.

        Args:
            wait_for: Write a batch, waiting for its event's lock for so many seconds; it may come back here.
            again: Have a batch tried again by a writer, without waiting; it may come back here.
        """
        self._wait_for = wait_for
        self._again = again
        self._batches: dict[UUID, Batch] = {}
        self._poll: asyncio.TimerHandle | None = None
        self.waiter: asyncio.Task[None] | None = None
        """Waits for one event after the other; None while nothing does."""

    def __bool__(self) -> bool:
        return bool(self._batches) or self.waiter is not None

    def __iter__(self) -> Iterator[Batch]:
        return iter(tuple(self._batches.values()))

    def add(self, batch: Batch) -> None:
        """Let a batch wait until its event is free."""
        self._batches[batch.event_id] = batch
        if self.waiter is None:
            self.waiter = asyncio.create_task(self._wait_in_turn(), context=Context())
        if self._poll is None:
            seconds = POLL_SECONDS + POLL_SECONDS_PER_EVENT * len(self._batches)
            self._poll = asyncio.get_running_loop().call_later(seconds, self._try_all_again)

    def remove(self, batch: Batch) -> None:
        """Wait for it no more."""
        self._batches.pop(batch.event_id, None)

    def close(self) -> None:
        """Try nothing again. A wait under way ends by itself, or with its connection."""
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
