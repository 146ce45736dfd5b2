"""Bulk calls take turns, so that however many arrive, sales keep the event loop and memory stays bounded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from holdfast.application.failures import Unavailable
from holdfast.telemetry import metrics

CALLS_MAX = 8
"""Bulk calls that a process keeps at a time, the one at work among them. Each may hold a body of 18 MB."""
WAIT_SECONDS_MAX = 30.0
"""How long one of them waits for its turn."""


class Place:
    """A bulk call's place in the line. Its turn, once it has come, lasts until the place is left."""

    def __init__(self, turns: asyncio.Semaphore, wait_seconds_max: float) -> None:
        self._turns = turns
        self._wait_seconds_max = wait_seconds_max
        self._has_turn = False
        self._patience: asyncio.Timeout | None = None
        self._ending = False
        self._work: asyncio.Future[Any] | None = None

    async def turn(self) -> None:
        """Wait until it is this call's turn.

        Raises:
            Unavailable: with outcome `none`, if that takes too long.
        """
        try:
            async with asyncio.timeout(self._wait_seconds_max) as self._patience:
                await self._turns.acquire()
        except TimeoutError:
            if self._ending:
                raise Unavailable("This node is about to end.", outcome="none") from None
            raise _refused() from None
        finally:
            self._patience = None
        self._has_turn = True

    def give_up(self) -> None:
        """Wait no longer for the turn: it will not come."""
        self._ending = True
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())

    def keep_until(self, work: "asyncio.Future[Any]") -> None:
        """Let the turn last until this is done, also when the caller leaves before: a COMMIT goes on without it."""
        self._work = work

    def leave(self) -> None:
        """Give the turn to the next."""
        if not self._has_turn:
            return
        if self._work is None:
            self._turns.release()
        else:
            self._work.add_done_callback(lambda _: self._turns.release())


class BulkLine:
    """The bulk calls of one process: some are at work, a few wait, and more are refused at once."""

    def __init__(self, *, at_once: int, calls_max: int = CALLS_MAX, wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        """Open the line.

        Args:
            at_once: How many are at work at a time.
            calls_max: How many there may be, at work and waiting.
            wait_seconds_max: How long one waits.
        """
        self._turns = asyncio.Semaphore(at_once)
        self._calls_max = calls_max
        self._wait_seconds_max = wait_seconds_max
        self._places: set[Place] = set()

    @property
    def calls(self) -> int:
        """How many there are."""
        return len(self._places)

    def give_up(self) -> None:
        """Have those who wait for their turn told that it will not come."""
        for place in tuple(self._places):
            place.give_up()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """Take a place for the time of a call.

        Raises:
            Unavailable: with outcome `none`, where all are taken.
        """
        if self.calls >= self._calls_max:
            raise _refused()
        place = Place(self._turns, self._wait_seconds_max)
        self._places.add(place)
        try:
            yield place
        finally:
            self._places.discard(place)
            place.leave()


def _refused() -> Unavailable:
    metrics.commands_rejected_total.labels("bulk_line_full").inc()
    return Unavailable("Too many bulk calls are waiting.", outcome="none", retry_after_seconds=5)
