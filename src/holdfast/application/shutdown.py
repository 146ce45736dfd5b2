"""The time that a process may take to end: one budget, shared by all of its parts."""

import time


class Deadline:
    """Begins with the signal to end; each part asks what is left instead of having a time of its own.

    With a time for each part they added up: a process that was given 10 seconds took 15.6, and was killed before its
    end by whoever had given them.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends_at: float | None = None

    def begin(self) -> None:
        """The time runs from now on; it begins once."""
        if self._ends_at is None:
            self._ends_at = time.monotonic() + self._seconds

    def left(self, *, for_others: float = 0.0) -> float:
        """Give the seconds until the process must have ended, 0 when they are over.

        Args:
            for_others: Seconds that others need after the asker; at most a quarter of the whole is kept for them.
        """
        self.begin()
        assert self._ends_at is not None
        return max(0.0, self._ends_at - time.monotonic() - min(for_others, self._seconds / 4))
