"""An event loop whose time passes only while everybody waits: hours of simulated waiting take no time at all."""

import asyncio
import selectors

_MOMENT_SECONDS = 1e-7


class NothingLeftError(RuntimeError):
    """Everything waits, and nothing will ever happen: an answer was forgotten."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop that jumps to the next timer as soon as nothing else is left to do."""

    def __init__(self) -> None:
        self._now = 1_000.0
        super().__init__(_Jump(self))

    def time(self) -> float:
        """Tell the simulated time, in seconds. No two moments are the same, so that it tells what came first."""
        self._now += _MOMENT_SECONDS
        return self._now

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class _Jump(selectors.DefaultSelector):
    """Waits for nobody: instead of waiting for a timer it moves the clock."""

    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass for which a loop would wait.

        Raises:
            NothingLeftError: where it would wait for ever.
        """
        if timeout is None:
            raise NothingLeftError
        self._loop.pass_time(max(0.0, timeout))
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        return ready
