"""An event loop whose time passes only while everything waits, so hours of simulated waiting take no real time."""

import asyncio
import selectors

_MOMENT_SECONDS = 1e-7


class NothingLeftError(RuntimeError):
    """Everything is waiting and nothing will ever happen: some task was never woken."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop that jumps to the next timer as soon as nothing else is left to do."""

    def __init__(self) -> None:
        self._now = 1_000.0
        super().__init__(_Jump(self))

    def time(self) -> float:
        """Return the simulated time, in seconds. No two calls return the same time, so times show the order."""
        self._now += _MOMENT_SECONDS
        return self._now

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class _Jump(selectors.DefaultSelector):
    """Never waits: instead of waiting for a timer it advances the clock."""

    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Advance the clock by the time that a loop would wait.

        Raises:
            NothingLeftError: where it would wait for ever.
        """
        if timeout is None:
            raise NothingLeftError
        self._loop.pass_time(max(0.0, timeout))
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        return ready
