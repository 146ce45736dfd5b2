"""The benchmark's own stack, started like a user would: `holdfast run` or `holdfast scale`, durable."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from holdfast.bench.failure import LoadError
from holdfast.bench.stack.processes import command_line, with_children
from holdfast.infrastructure.embedded import launcher
from holdfast.infrastructure.embedded.folder import free_port

_END_SECONDS = 20.0
_GIVEN_SERVERS = ("DATABASE_URL", "REDIS_URL", "DB_HOST", "REDIS_HOST", "HOST")


class Stack:
    """A running stack: its address, and its processes by role."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, lines: list[str]) -> None:
        """Take the process, and what it printed."""
        self.pid = process.pid
        self.url = f"http://127.0.0.1:{port}"
        self._lines = lines

    def address(self, name: str) -> str | None:
        """Return what was printed after `name:`; None without such a line."""
        for line in self._lines:
            label, _, address = line.strip().partition(":")
            if label == name:
                return address.strip()
        return None

    @property
    def database_url(self) -> str:
        """URL of its PostgreSQL."""
        return self.address("PostgreSQL") or ""

    def roles(self) -> dict[str, list[int]]:
        """Its processes by role; of PostgreSQL and nginx only the first, which started the others."""
        roles: dict[str, list[int]] = {"server": [], "PostgreSQL": [], "Redis": [], "nginx": []}
        living = with_children([self.pid])
        for pid in sorted(living):
            role = _role(command_line(pid))
            if role is not None:
                roles[role].append(pid)
        for role in ("PostgreSQL", "nginx"):
            started = {child for pid in roles[role] for child in with_children([pid]) if child != pid}
            roles[role] = [pid for pid in roles[role] if pid not in started]
        return {role: pids for role, pids in roles.items() if pids}


@contextmanager
def own_stack(
    data_dir: Path,
    *,
    nodes: int | None = None,
    environment: Mapping[str, str] | None = None,
    options: Sequence[str] = ("--show-urls",),
) -> Iterator[Stack]:
    """Start a stack on a free port, with a data folder that is removed at the end.

    Args:
        data_dir: Folder in which the data folder is created, on the disk to measure.
        nodes: API nodes behind nginx; None: one, without nginx.
        environment: Further settings.
        options: Of `holdfast run`; an older Holdfast does not know `--show-urls`, and always prints its URLs.

    Raises:
        LoadError: It does not start; its own message is on standard error.
    """
    allow_many_connections()
    data_dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=data_dir))
    port = free_port()
    settings = {name: value for name, value in os.environ.items() if name not in _GIVEN_SERVERS}
    settings |= {"HOLDFAST_DATA_DIR": str(folder / "data"), "PORT": str(port), "LOG_LEVEL": "WARNING"}
    settings |= {"NODES": str(nodes or 1), **(environment or {})}
    command = [sys.executable, "-m", "holdfast", "run" if nodes is None else "scale", *options]
    # Started through the launcher it stops when this process does, even if that is killed.
    launched = [f"--death-signal={int(signal.SIGTERM)}", f"--parent={os.getpid()}"]
    process = subprocess.Popen(  # noqa: S603 - this program itself
        [sys.executable, "-I", "-S", launcher.__file__, *launched, "--", *command],
        env=settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        yield Stack(process, port, _lines_until_ready(process))
    finally:
        _end(process)
        shutil.rmtree(folder, ignore_errors=True)


def allow_many_connections() -> int:
    """Raise the limit of open files for this process and its children as far as allowed; return the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _role(words: list[str]) -> str | None:
    if words[-3:] == ["-m", "holdfast", "serve"]:
        return "server"
    program = Path(words[0].split(" ")[0].rstrip(":")).name if words else ""
    return {
        "postgres": "PostgreSQL",
        "redis-server": "Redis",
        "valkey-server": "Redis",
        "nginx": "nginx",
    }.get(program)


def _lines_until_ready(process: "subprocess.Popen[str]") -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.strip().startswith("Try:"):
            threading.Thread(target=_drain, args=(process.stdout,), daemon=True).start()
            return lines
    raise LoadError(f"the stack to be measured did not start: {' | '.join(lines[-2:]) or 'it said nothing'}")


def _drain(output: IO[str]) -> None:
    with contextlib.suppress(ValueError, OSError):
        for _ in output:
            pass


def _end(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
