"""Requests to end a run, however they arrive: Ctrl-C, a signal, or the end of the program that started it."""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(BaseException):
    """The run was asked to end while it was still starting.

    This is not an Exception, so that no handler of start-up errors can swallow it.
    """


class StopSignals:
    """Combines Ctrl-C, SIGTERM, SIGHUP and the end of the parent program into one stop request.

    During start-up they raise `StopRequestedError`, so that no step has to check for them. After `settle` they only
    set `requested`.
    """

    def __init__(self, parent: int | None = None, *, hang_up: Callable[[], None] | None = None) -> None:
        """Take over the signals.

        Args:
            parent: The process id of a program, such as `make`, with which this run ends. It may not pass on every
                signal it receives, so it is observed.
            hang_up: Called on SIGUSR1, and on SIGHUP unless that means that the terminal is gone; the run does not end
                then. Under `nohup`, only SIGUSR1 arrives.
        """
        self._requested = False
        self._raising = True
        self._hang_up = hang_up
        self._had_terminal = _has_terminal()
        self._parent = parent
        self._parent_caught = 0 if parent is None else _caught_signals(parent)
        for number in _STOP_SIGNALS:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, self._on_signal)
        if hang_up is not None:
            signal.signal(signal.SIGUSR1, lambda _number, _frame: hang_up())

    @property
    def requested(self) -> bool:
        """Whether this run has been asked to end."""
        return self._requested or self._parent_ends()

    def settle(self) -> None:
        """Stop raising. From here on, `requested` must be checked."""
        self._raising = False

    def _on_signal(self, number: int, _frame: object) -> None:
        if number == signal.SIGHUP and self._hang_up is not None and _has_terminal() == self._had_terminal:
            self._hang_up()
            return
        self._requested = True
        if self._raising:
            self._raising = False
            raise StopRequestedError

    def _parent_ends(self) -> bool:
        """Return whether the parent is gone, or has received a signal and waits for this process to end.

        When GNU make is told to stop, it stops catching that signal and waits silently for its children.
        """
        if self._parent is None:
            return False
        return os.getppid() != self._parent or _caught_signals(self._parent) != self._parent_caught


def _has_terminal() -> bool:
    """Return whether there is a terminal that could send a Ctrl-C."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _caught_signals(process: int) -> int:
    """Return the stop signals for which a process has handlers, as a bit mask; 0 if that is unknown."""
    wanted = sum(1 << (number - 1) for number in _STOP_SIGNALS)
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16) & wanted
    return 0
