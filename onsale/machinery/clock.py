"""Simulated time."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, TypeAlias

Call: TypeAlias = Callable[[Any], None]
"""Called at its time, with the one argument that was given with it."""


class Clock:
    """Carries out calls in the order of their times; those of the same time in the order in which they were made."""

    __slots__ = ("_calls", "_number", "now")

    def __init__(self) -> None:
        self.now = 0.0
        """In seconds."""
        self._calls: list[tuple[float, int, Call, Any]] = []
        self._number = 0

    def at(self, when: float, call: Call, argument: Any = None) -> None:  # noqa: ANN401 - it goes to the call
        """Have something called at a time, which must not be in the past."""
        self._number += 1
        heappush(self._calls, (when, self._number, call, argument))

    def after(self, seconds: float, call: Call, argument: Any = None) -> None:  # noqa: ANN401 - it goes to the call
        """Have something called so many seconds from now."""
        self._number += 1
        heappush(self._calls, (self.now + seconds, self._number, call, argument))

    def run(self, until: float = float("inf")) -> None:
        """Go on until nothing is left to be called, or until a time."""
        calls = self._calls
        while calls and calls[0][0] <= until:
            self.now, _, call, argument = heappop(calls)
            call(argument)
        if until != float("inf"):
            self.now = max(self.now, until)
