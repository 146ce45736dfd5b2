"""The time that a process may take to end: one budget, shared by all of its parts."""

import threading
import time
from collections.abc import Callable

SAFETY_SHARE = 0.03
"""Of the time, kept for ending by force: whoever gave it counts from before the signal arrived."""


class Deadline:
    """Begins with the signal to end; each part asks what is left instead of having a time of its own.

    With a time for each part they added up: a process that was given 10 seconds took 15.6, and was killed before its
    end by whoever had given them.
    """

    def __init__(self, seconds: float, *, when_over: Callable[[], None] | None = None) -> None:
        """Begin with nothing running.

        Args:
            seconds: From the signal to the end.
            when_over: Is called, in a thread of its own, if the process has not ended shortly before: a part may hang
                where nothing can be cancelled, such as in the look-up of a name.
        """
        self._seconds = seconds * (1 - SAFETY_SHARE)
        self._ends_at: float | None = None
        self._when_over = when_over

    def begin(self) -> None:
        """The time runs from now on; it begins once."""
        if self._ends_at is not None:
            return
        self._ends_at = time.monotonic() + self._seconds
        if self._when_over is not None:
            alarm = threading.Timer(self._seconds, self._when_over)
            alarm.daemon = True
            alarm.start()

    def left(self, *, for_others: float = 0.0) -> float:
        """Give the seconds until the process must have ended, 0 when they are over.

        Args:
            for_others: Seconds that others need after the asker; at most a quarter of the whole is kept for them.
        """
        self.begin()
        assert self._ends_at is not None
        return max(0.0, self._ends_at - time.monotonic() - min(for_others, self._seconds / 4))
