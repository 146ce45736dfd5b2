"""Keeps one process of a run alive: restarts it when it ends, and decides when to give up."""

import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.embedded.log_file import log_tail

DEATHS_MAX = 5
DEATHS_SECONDS = 60.0
"""The period in which a required part may end only so often before the run is ended. A part that has lived longer than
this counts as healthy."""
_PAUSE_SECONDS = 0.25
_PAUSE_SECONDS_MAX = 30.0
_TOLD_DEATHS = 3
"""At this failure in a row, an optional part is reported to keep failing; later failures are not reported."""


class Part(Protocol):
    """A server or a program of a run."""

    @property
    def alive(self) -> bool:
        """Whether it is running."""
        ...

    @property
    def log_path(self) -> Path:
        """The file that receives its output."""
        ...

    @property
    def exit_code(self) -> int | None:
        """How it ended: its exit code, or minus the signal's number; None while it has not ended."""
        ...

    def start(self) -> None:
        """Start or restart it. This may block until it is ready."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class Keeper:
    """Looks after one part. It starts the part in a thread, so other parts and stop requests are not kept waiting."""

    def __init__(self, name: str, part: Part, *, optional: bool, tell: Callable[[str], None]) -> None:
        """Set up the keeper of a part that is running.

        Args:
            name: The part's name in messages.
            part: The part to keep alive.
            optional: Whether the run can go on without it. If so, restarts are tried for ever; if not, the keeper gives
                up at some point.
            tell: Receives one line at a time for the person watching.
        """
        self.part = part
        self._name = name
        self._optional = optional
        self._tell = tell
        self._deaths: deque[float] = deque()
        self._deaths_in_a_row = 0
        self._alive_since = time.monotonic()
        self._start_at: float | None = None
        self._starting: threading.Thread | None = None
        self._failure: str | None = None

    def look(self) -> bool:
        """Do what is due now; return False if a required part has been given up."""
        now = time.monotonic()
        if self._starting is not None:
            if self._starting.is_alive():
                return True
            self._starting = None
            self._alive_since = now
            if self._failure is not None:
                return self._mourn(now, self._failure)
        if self._start_at is not None:
            if now >= self._start_at:
                self._begin_start()
            return True
        if not self.part.alive:
            return self._mourn(now, how_it_ended(self.part.exit_code))
        if self._deaths_in_a_row and now - self._alive_since > DEATHS_SECONDS:
            if self._deaths_in_a_row >= _TOLD_DEATHS and self._optional:
                self._tell(f"{self._name} stays up again")
            self._deaths_in_a_row = 0
        return True

    def abandon(self) -> None:
        """Interrupt a start that is under way, because the run is ending."""
        while self._starting is not None and self._starting.is_alive():
            self.part.kill()
            self._starting.join(0.1)

    def _mourn(self, now: float, how: str) -> bool:
        """Report that the part has ended, and schedule its next start; return False if it is given up."""
        self._deaths_in_a_row = 1 if now - self._alive_since > DEATHS_SECONDS else self._deaths_in_a_row + 1
        self._deaths.append(now)
        while self._deaths[0] < now - DEATHS_SECONDS:
            self._deaths.popleft()
        if not self._optional and len(self._deaths) > DEATHS_MAX:
            self._give_up(how)
            return False
        number, where = self._deaths_in_a_row, f"(log: {self.part.log_path})"
        if not self._optional or number == 1:
            self._tell(f"{self._name} ended unexpectedly ({how}) and is started again {where}")
        elif number == _TOLD_DEATHS:
            self._tell(f"{self._name} keeps ending: the run goes on without it and keeps trying {where}")
        exponent = min(number - 2, 10)
        self._start_at = now + (0.0 if number == 1 else min(_PAUSE_SECONDS * 2**exponent, _PAUSE_SECONDS_MAX))
        return True

    def _give_up(self, how: str) -> None:
        self._tell(
            f"{self._name} ended {len(self._deaths)} times within {DEATHS_SECONDS:.0f} s, at last with {how}: "
            f"giving up. Its last lines, from {self.part.log_path}:"
        )
        for line in log_tail(self.part.log_path):
            self._tell(f"  {line}")

    def _begin_start(self) -> None:
        self._start_at = self._failure = None
        self._starting = threading.Thread(target=self._start, name=f"start-{self._name}", daemon=True)
        self._starting.start()

    def _start(self) -> None:
        try:
            self.part.start()
        except (EmbeddedError, OSError) as error:
            self._failure = " ".join(str(error).split())


def how_it_ended(code: int | None) -> str:
    """Describe how a process ended, given its exit code or minus the signal's number."""
    if code is None or code >= 0:
        return f"exit code {code or 0}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:  # one of the real-time signals
        return f"signal {-code}"
