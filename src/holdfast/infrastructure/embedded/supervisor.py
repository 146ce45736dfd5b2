"""Keep a set of processes running together, and end them together."""

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx
from holdfast.infrastructure.embedded.postgres import EmbeddedPostgres
from holdfast.infrastructure.embedded.process import Child
from holdfast.infrastructure.embedded.redis import EmbeddedRedis

Server: TypeAlias = EmbeddedPostgres | EmbeddedRedis | EmbeddedNginx

_LOOK_SECONDS = 0.1
SERVERS_SECONDS = 2.0
"""The part of the shutdown that is kept for the servers, after the programs have ended."""
FRONT_SECONDS = 2.0
"""The part of the shutdown that the server in front may take, before the programs are told to end."""

_RESTARTS_MAX = 3
_DEATHS_MAX = 5
_DEATHS_SECONDS = 60.0
"""So many deaths of programs within so many seconds are no accident: the run ends."""
_NAMES = {EmbeddedPostgres: "PostgreSQL", EmbeddedRedis: "Redis", EmbeddedNginx: "nginx"}
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


class Supervisor:
    """The processes of one run: servers, which are restarted when they fail, and programs, which can be."""

    def __init__(
        self,
        *,
        shutdown_seconds: float,
        tell: Callable[[str], None],
    ) -> None:
        """Begin with no process.

        Args:
            shutdown_seconds: Longest time from a stop signal to the end of everything.
            tell: Gets one line for the person who watches.
        """
        self._servers: list[Server] = []
        self._front: EmbeddedNginx | None = None
        self._programs: list[Child] = []
        self._replaced: list[Child] = []
        self._excused: list[Child] = []
        self._deaths: deque[float] = deque()
        self._shutdown_seconds = shutdown_seconds
        self._server_seconds = min(SERVERS_SECONDS, shutdown_seconds / 2)
        self._tell = tell
        self._restarts = 0

    @property
    def programs(self) -> Sequence[Child]:
        """The programs, in the order in which they were started."""
        return tuple(self._programs)

    def start_server(self, server: Server) -> None:
        """Start a server and keep it running.

        Raises:
            EmbeddedError: It cannot be started.
        """
        self._servers.append(server)
        server.start()

    def start_front(self, front: EmbeddedNginx) -> None:
        """Start the server through which requests come in: kept running like the others, and ended first.

        Raises:
            EmbeddedError: It cannot be started.
        """
        self._front = front
        self.start_server(front)

    def start_program(self, program: Child, *, replaced: bool = False) -> None:
        """Start a program that uses the servers.

        Args:
            program: What to start.
            replaced: Whether it is started again when it dies; else the run ends with it.
        """
        self._programs.append(program)
        if replaced:
            self._replaced.append(program)
        program.start()

    @contextlib.contextmanager
    def excused(self, program: Child) -> Iterator[None]:
        """Do not mind the end of a program for as long as somebody else restarts it."""
        self._excused.append(program)
        try:
            yield
        finally:
            self._excused.remove(program)

    def watch(self, stop: StopSignals, chore: Callable[[], None] = lambda: None) -> bool:
        """Wait for the request to stop; answers False when a process failed for good before that.

        Args:
            stop: The request.
            chore: Done several times a second, and short.
        """
        while not stop.requested:
            missing = [program for program in self._programs if not program.alive and program not in self._excused]
            if not all(self._replace(program) for program in missing):
                return False
            if not all(server.alive or self._restart(server) for server in self._servers):
                return False
            chore()
            time.sleep(_LOOK_SECONDS)
        return True

    def end(self) -> None:
        """End all within `shutdown_seconds`: what is in front, the programs with their requests, the servers."""
        deadline = time.monotonic() + self._shutdown_seconds - self._server_seconds
        if self._front is not None:
            self._servers.remove(self._front)
            self._front.stop(seconds=min(FRONT_SECONDS, self._shutdown_seconds / 4))
            self._front = None
        for program in self._programs:
            program.send(signal.SIGTERM)
        for program in reversed(self._programs):
            if not program.wait(deadline - time.monotonic()):
                self._tell(f"{program.name} did not end in time and is killed")
                program.end((signal.SIGKILL, 1.0))
        for server in reversed(self._servers):
            server.stop(seconds=self._server_seconds / 2)

    def _replace(self, program: Child) -> bool:
        """Tell of a death; answers whether the program was started again."""
        if program not in self._replaced:
            self._report(program)
            return False
        now = time.monotonic()
        self._deaths.append(now)
        while self._deaths[0] < now - _DEATHS_SECONDS:
            self._deaths.popleft()
        if len(self._deaths) > _DEATHS_MAX:
            self._report(program)
            self._tell(f"programs ended {len(self._deaths)} times within {_DEATHS_SECONDS:.0f} s: giving up")
            return False
        how = _how_it_ended(program)
        program.start()
        self._tell(f"{program.name} ended unexpectedly ({how}) and is started again (log: {program.log_path})")
        return True

    def _restart(self, server: Server) -> bool:
        name = _NAMES[type(server)]
        self._restarts += 1
        if self._restarts > _RESTARTS_MAX:
            self._tell(f"{name} ended again: see {server.log_path}")
            return False
        self._tell(f"{name} ended unexpectedly and is started again (log: {server.log_path})")
        try:
            server.start()
        except EmbeddedError as error:
            self._tell(str(error))
            return False
        return True

    def _report(self, program: Child) -> None:
        how = _how_it_ended(program)
        self._tell(f"{program.name} ended unexpectedly ({how}); its last lines, from {program.log_path}:")
        for line in program.log_tail():
            self._tell(f"  {line}")


def _how_it_ended(program: Child) -> str:
    code = program.exit_code or 0
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


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
