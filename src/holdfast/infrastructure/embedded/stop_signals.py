"""The wish that a run shall end, however it comes: Ctrl-C, a signal, the end of the program that started it."""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(BaseException):
    """Somebody asked this run to end while it was still starting.

    Not an Exception: no handler of start-up errors may swallow it.
    """


class StopSignals:
    """Ctrl-C, SIGTERM and SIGHUP, and the end of the program that started this one, as one question.

    During start-up they raise `StopRequestedError`, so that no step has to ask; after `settle` they only
    make `requested` true.
    """

    def __init__(self, parent: int | None = None, *, hang_up: Callable[[], None] | None = None) -> None:
        """Take over the signals.

        Args:
            parent: Process id of the program with which this run ends, such as `make`. It does not pass on
                every signal it gets, so it is looked at.
            hang_up: Called upon SIGUSR1, and upon SIGHUP instead of ending unless it means that the terminal is
                gone. Below `nohup` only SIGUSR1 arrives.
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
        """Whether this run shall end."""
        return self._requested or self._parent_ends()

    def settle(self) -> None:
        """Raise no longer: from here on somebody asks `requested`."""
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
        """Whether the parent is gone, or has got a signal that it waits for us to act upon.

        GNU make, told to stop, stops catching that signal and then waits for its children without a word.
        """
        if self._parent is None:
            return False
        return os.getppid() != self._parent or _caught_signals(self._parent) != self._parent_caught


def _has_terminal() -> bool:
    """Whether there is a terminal that could send a Ctrl-C."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _caught_signals(process: int) -> int:
    """The set of stop signals a process has handlers for, as a bit mask; 0 when that is not known."""
    wanted = sum(1 << (number - 1) for number in _STOP_SIGNALS)
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16) & wanted
    return 0
