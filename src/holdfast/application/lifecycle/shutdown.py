"""The time a process has to shut down: one budget, shared by all of its parts."""

import threading
import time
from collections.abc import Callable

SAFETY_SHARE = 0.03
"""The share kept back for a forced end. Whoever allowed the time has been counting since before the signal arrived."""


class Deadline:
    """A deadline that starts with the signal to stop. Each part asks how much time is left.

    When each part had a time-out of its own, they added up: a process that was allowed 10 seconds took 15.6, and was
    killed before it had finished.
    """

    def __init__(self, seconds: float, *, when_over: Callable[[], None] | None = None) -> None:
        """Set up a deadline that is not running yet.

        Args:
            seconds: The time from the signal to the end.
            when_over: Called in a thread of its own if the process has not ended shortly before the deadline. A part
                may hang where nothing can be cancelled, for example while looking up a host name.
        """
        self._seconds = seconds * (1 - SAFETY_SHARE)
        self._ends_at: float | None = None
        self._when_over = when_over

    def begin(self) -> None:
        """Start the deadline. Only the first call counts."""
        if self._ends_at is not None:
            return
        self._ends_at = time.monotonic() + self._seconds
        if self._when_over is not None:
            alarm = threading.Timer(self._seconds, self._when_over)
            alarm.daemon = True
            alarm.start()

    def left(self, *, for_others: float = 0.0) -> float:
        """Return the seconds left until the process must have ended; 0 when the time is over.

        Args:
            for_others: Seconds to leave for parts that come after the caller; at most a quarter of the whole.
        """
        self.begin()
        assert self._ends_at is not None
        return max(0.0, self._ends_at - time.monotonic() - min(for_others, self._seconds / 4))
