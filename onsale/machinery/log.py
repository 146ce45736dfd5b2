"""The write-ahead log of a PostgreSQL, and the disk or standby that a COMMIT waits for."""

from collections.abc import Callable
from typing import Any

from onsale.machinery.clock import Call, Clock


class Log:
    """One flush at a time. Whoever commits meanwhile shares the next one."""

    def __init__(self, clock: Clock, seconds: Callable[[], float]) -> None:
        """Set how long a flush takes: it is asked anew for each."""
        self._clock = clock
        self._seconds = seconds
        self._next: list[tuple[Call, Any]] = []
        self._flushing = False
        self.flushes = 0

    def flush(self, done: Call, argument: Any = None) -> None:  # noqa: ANN401 - it goes to the call
        """Call once everything that has been written so far is safe."""
        self._next.append((done, argument))
        if not self._flushing:
            self._begin(None)

    def _begin(self, _: None) -> None:
        flushed, self._next = self._next, []
        self._flushing = bool(flushed)
        if flushed:
            self.flushes += 1
            self._clock.after(self._seconds(), self._end, flushed)

    def _end(self, flushed: list[tuple[Call, Any]]) -> None:
        self._begin(None)
        for done, argument in flushed:
            done(argument)
