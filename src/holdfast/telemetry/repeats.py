"""Keeps a storm of failures from becoming a storm of log lines, by limiting how often the same message is written.

When PostgreSQL is away, thousands of reads a second may fail for the same reason. Their log lines, each ten times as
expensive as a request's own, would take processor time from the requests that could still be answered.
"""

import time
from dataclasses import dataclass

from holdfast.telemetry import metrics

PER_SECOND_MAX = 20
_MESSAGES_MAX = 1_000
"""The number of messages that are counted. A library may make a new text for each of its lines."""


@dataclass(slots=True)
class _Second:
    number: int
    written: int = 0
    left_out: int = 0


class Repeats:
    """Counts how often each message is logged."""

    def __init__(self, per_second_max: int = PER_SECOND_MAX) -> None:
        self._per_second_max = per_second_max
        self._seconds: dict[str, _Second] = {}

    def left_out_before(self, message: str) -> int | None:
        """Ask whether to write a line.

        Returns:
            How many lines with this message have been left out since the last one; None to leave this one out too.
        """
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
