"""Child processes that cannot outlive this one, and what is left of those of an earlier run."""

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
    """One program, in a process group of its own, whose output goes to the end of a log file.

    A Ctrl-C in the terminal does not reach it; it gets `death_signal` from the kernel when this process dies,
    however that happens.
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
        """Describe the child; nothing is started yet.

        Args:
            name: What messages call it.
            command: Absolute path of the program, and its arguments.
            log_path: File that gets its standard output and standard error.
            death_signal: What it gets when this process dies.
            identity: Launcher options that say whom it runs as.
            environment: Its environment; default: this process's.
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
        """Process id of the running child.

        Raises:
            RuntimeError: It was not started.
        """
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Its exit code (minus the signal that ended it), None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def start(self, *, standard_input: bytes = b"") -> None:
        """Start it and hand it its standard input.

        Raises:
            OSError: The log file cannot be written or the program cannot be started.
        """
        bound_log(self.log_path)
        options = [f"--death-signal={int(self._death_signal)}", f"--parent={os.getpid()}", *self._identity]
        with open_log(self.log_path) as log:
            process = _started(
                lambda: subprocess.Popen(  # noqa: S603 - callers start programs of their own
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
        with contextlib.suppress(BrokenPipeError):  # it died at once: its exit code says so
            if process.stdin is not None:
                process.stdin.write(standard_input)
                process.stdin.close()

    def send(self, signal_number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self._process is not None:
            self._process.send_signal(signal_number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False when it still runs after `seconds`."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, *steps: tuple[signal.Signals, float]) -> None:
        """End it: send each signal and wait its seconds, until one of them works; at last kill it."""
        for signal_number, seconds in steps:
            self.send(signal_number)
            if self.wait(seconds):
                return
        self.send(signal.SIGKILL)
        self.wait(5.0)

    def kill(self) -> None:
        """End it as a crash would."""
        self.end()

    def log_tail(self, lines: int = 20) -> list[str]:
        """The last lines it wrote."""
        return log_tail(self.log_path, lines)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def processes_in(folder: Path) -> list[int]:
    """Process ids of the programs that have this folder as their working directory.

    Servers work inside their data folder, so this finds those an earlier run left behind, and never a
    stranger that got an old process id. Without /proc nothing is found.
    """
    found = []
    target = str(folder.resolve())
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str((entry / "cwd").readlink()) == target and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def end_leftovers(folder: Path, *steps: tuple[signal.Signals, float]) -> None:
    """End the programs of an earlier run that still work inside a folder."""
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

    The kernel sends the death signal when the *thread* that started the child ends; a caller may be on a
    short-lived one.
    """
    global _starter  # noqa: PLW0603 - one per process is the point
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
