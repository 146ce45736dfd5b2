"""Bulk calls take turns. However many arrive, sales get the event loop and memory stays bounded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from holdfast.application.failures import Unavailable
from holdfast.telemetry import metrics

CALLS_MAX = 8
"""Bulk calls that a process accepts at a time, working or waiting. Each may hold a body of 18 MB."""
WAIT_SECONDS_MAX = 30.0
"""How long a call waits for its turn."""


class Place:
    """A bulk call's place in the line. Its turn, once it has come, lasts until the call leaves."""

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
                raise Unavailable("This node is shutting down.", outcome="none") from None
            raise _refused() from None
        finally:
            self._patience = None
        self._has_turn = True

    def give_up(self) -> None:
        """Stop waiting, because the node is shutting down."""
        self._ending = True
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())

    def keep_until(self, work: "asyncio.Future[Any]") -> None:
        """Keep the turn until `work` is done. If the caller leaves before, its COMMIT goes on without it."""
        self._work = work

    def leave(self) -> None:
        """Leave the line, and pass the turn on."""
        if not self._has_turn:
            return
        if self._work is None:
            self._turns.release()
        else:
            self._work.add_done_callback(lambda _: self._turns.release())


class BulkLine:
    """The bulk calls of one process. Some are at work, a few wait, and any more are refused at once."""

    def __init__(self, *, at_once: int, calls_max: int = CALLS_MAX, wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        """Set up an empty line.

        Args:
            at_once: How many may work at the same time.
            calls_max: How many there may be in all, working and waiting.
            wait_seconds_max: How long a call may wait for its turn.
        """
        self._turns = asyncio.Semaphore(at_once)
        self._calls_max = calls_max
        self._wait_seconds_max = wait_seconds_max
        self._places: set[Place] = set()

    @property
    def calls(self) -> int:
        """The number of calls, working and waiting."""
        return len(self._places)

    def give_up(self) -> None:
        """Refuse all calls that are waiting, because the node is shutting down."""
        for place in tuple(self._places):
            place.give_up()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """Take a place in the line for the duration of a call.

        Raises:
            Unavailable: with outcome `none`, if the line is full.
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
