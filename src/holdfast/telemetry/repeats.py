"""Keeps a storm from becoming a storm of log lines: of the same message only so many a second are written.

When PostgreSQL is away, each of thousands of reads a second fails for the same reason. Their lines, each ten times as
expensive as a request's own, would take the processor from the requests that could still be answered.
"""

import time
from dataclasses import dataclass

from holdfast.telemetry import metrics

PER_SECOND_MAX = 20
_MESSAGES_MAX = 1_000
"""Of so many messages it is known how often they came; a library may make a new text for each of its lines."""


@dataclass(slots=True)
class _Second:
    number: int
    written: int = 0
    left_out: int = 0


class Repeats:
    """Counts the lines of each message."""

    def __init__(self, per_second_max: int = PER_SECOND_MAX) -> None:
        self._per_second_max = per_second_max
        self._seconds: dict[str, _Second] = {}

    def left_out_before(self, message: str) -> int | None:
        """Ask for one line; gives how many of this message were left out since the last, None for this one too."""
        now = int(time.monotonic())
        second = self._seconds.get(message)
        if second is None:
            if len(self._seconds) >= _MESSAGES_MAX:
                self._seconds.clear()
            second = self._seconds[message] = _Second(now)
        if second.number != now:
            second.number, second.written = now, 0
        if second.written >= self._per_second_max:
            second.left_out += 1
            metrics.log_lines_dropped_total.labels("repeated").inc()
            return None
        second.written += 1
        left_out, second.left_out = second.left_out, 0
        return left_out
