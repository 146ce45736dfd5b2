"""Lets requests begin a few at a time, so that a crowd does not keep a process from serving anybody.

Without this, an event loop begins every request that has arrived before it looks at anything else. When 8,000 buyers
came at once, each of the five steps of a transaction waited until thousands of new requests had been read, commands
waited longer than they may, and a process sold a twentieth of what it could (docs/scale.md).
"""

import asyncio
from collections import deque
from typing import Protocol

from holdfast.telemetry import metrics

REQUESTS_PER_TURN = 32
"""Requests that begin between two looks at what else has arrived, such as PostgreSQL's answers: about 3 ms of work."""


class Waiting(Protocol):
    """A connection whose request has arrived."""

    def begin(self) -> None:
        """Begin the request, unless its client has gone."""
        ...


class Admission:
    """The line of requests of a process that have arrived and not begun, in the order of their arrival."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._line: deque[Waiting] = deque()
        self._begun = 0
        """How many requests have begun in this turn of the event loop."""
        self._told = 0

    def admits(self) -> bool:
        """Return whether another request may begin now; if so, it counts as begun."""
        if self._line or self._begun >= REQUESTS_PER_TURN:
            return False
        if not self._begun:
            self._loop.call_soon(self._turn)
        self._begun += 1
        return True

    def wait(self, connection: Waiting) -> None:
        """Add a connection at the end of the line. It begins its request when its turn comes."""
        self._line.append(connection)

    def _turn(self) -> None:
        waiting = len(self._line)
        if waiting != self._told:
            metrics.requests_waiting.set(waiting)
            self._told = waiting
        self._begun = min(waiting, REQUESTS_PER_TURN)
        if not self._begun:
            return
        self._loop.call_soon(self._turn)
        for _ in range(self._begun):
            self._line.popleft().begin()
