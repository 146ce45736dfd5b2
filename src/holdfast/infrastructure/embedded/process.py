"""Child processes that cannot outlive this one, and the cleanup of processes left by an earlier run."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from holdfast.infrastructure.embedded import launcher
from holdfast.infrastructure.embedded.log_file import bound_log, log_tail, open_log

_LAUNCHER = str(Path(launcher.__file__))
_POLL_SECONDS = 0.02


class Child:
    """A program in its own process group, whose output is appended to a log file.

    A Ctrl-C in the terminal does not reach it. When this process dies, for whatever reason, the kernel sends it
    `death_signal`.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log_path: Path,
        death_signal: signal.Signals = signal.SIGKILL,
        identity: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        work_dir: Path = Path("/"),
    ) -> None:
        """Describe the child without starting anything.

        Args:
            name: Its name in messages.
            command: The absolute path of the program, and its arguments.
            log_path: The file for its standard output and standard error.
            death_signal: The signal it receives when this process dies.
            identity: Launcher options that set the user it runs as.
            environment: Its environment; by default that of this process.
            work_dir: Its working directory.
        """
        self.name = name
        self.command = list(command)
        self.log_path = log_path
        self._death_signal = death_signal
        self._identity = list(identity)
        self._environment = None if environment is None else dict(environment)
        self._work_dir = work_dir
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running child.

        Raises:
            RuntimeError: if it was not started.
        """
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Its exit code, or minus the signal's number; None while it is running or before it was started."""
        return None if self._process is None else self._process.poll()

    def start(self, *, standard_input: bytes = b"") -> None:
        """Start it and write its standard input.

        Raises:
            OSError: if the log file cannot be written or the program cannot be started.
        """
        bound_log(self.log_path)
        options = [f"--death-signal={int(self._death_signal)}", f"--parent={os.getpid()}", *self._identity]
        with open_log(self.log_path) as log:
            process = _started(
                lambda: subprocess.Popen(  # noqa: S603 - the callers choose the program, not a user
                    [sys.executable, "-I", "-S", _LAUNCHER, *options, "--", *self.command],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    process_group=0,
                    cwd=self._work_dir,
                )
            )
        self._process = process
        with contextlib.suppress(BrokenPipeError):  # it died at once, which its exit code shows
            if process.stdin is not None:
                process.stdin.write(standard_input)
                process.stdin.close()

    def send(self, signal_number: signal.Signals) -> None:
        """Send a signal, if it is still running."""
        if self._process is not None:
            self._process.send_signal(signal_number)

    def wait(self, seconds: float) -> bool:
        """Wait until it ends; return False if it is still running after `seconds`."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, *steps: tuple[signal.Signals, float]) -> None:
        """End it: send each signal in turn and wait its seconds, until it has ended; kill it if it has not."""
        for signal_number, seconds in steps:
            self.send(signal_number)
            if self.wait(seconds):
                return
        self.send(signal.SIGKILL)
        self.wait(5.0)

    def kill(self) -> None:
        """Kill it, as in a crash."""
        self.end()

    def log_tail(self, lines: int = 20) -> list[str]:
        """Return the last lines it has written."""
        return log_tail(self.log_path, lines)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether the condition became true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def processes_in(folder: Path) -> list[int]:
    """Return the process ids of the programs whose working directory is this folder.

    Servers work in their data folders, so this finds those that an earlier run left behind, and never an unrelated
    process that was given an old process id. It finds nothing on systems without /proc.
    """
    found = []
    target = str(folder.resolve())
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str((entry / "cwd").readlink()) == target and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def end_leftovers(folder: Path, *steps: tuple[signal.Signals, float]) -> None:
    """End the programs of an earlier run that still work in a folder."""
    for signal_number, seconds in (*steps, (signal.SIGKILL, 5.0)):
        leftovers = processes_in(folder)
        if not leftovers:
            return
        for pid in leftovers:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal_number)
        wait_until(lambda: not processes_in(folder), seconds)


_Start = tuple[Callable[[], "subprocess.Popen[bytes]"], "Future[subprocess.Popen[bytes]]"]
_starts: "queue.SimpleQueue[_Start]" = queue.SimpleQueue()
_starter_lock = threading.Lock()
_starter: threading.Thread | None = None


def _started(start: Callable[[], "subprocess.Popen[bytes]"]) -> "subprocess.Popen[bytes]":
    """Start a process from a thread that lives as long as this process.

    The kernel sends the death signal when the *thread* that started the child ends, and callers may run on
    short-lived threads.
    """
    global _starter  # noqa: PLW0603 - there must be just one per process
    with _starter_lock:
        if _starter is None or not _starter.is_alive():
            _starter = threading.Thread(target=_start_forever, name="child-starter", daemon=True)
            _starter.start()
    answer: Future[subprocess.Popen[bytes]] = Future()
    _starts.put((start, answer))
    return answer.result()


def _start_forever() -> None:
    while True:
        start, answer = _starts.get()
        try:
            answer.set_result(start())
        except OSError as error:
            answer.set_exception(error)
