"""`holdfast scale` as a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from chaos.site.ports import quiet_port

from holdfast.infrastructure.embedded.process import processes_in, wait_until

CHECKOUT = Path(__file__).parents[2]
END_SECONDS = 15.0


class RunningScale:
    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = quiet_port()
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        given = {"HOLDFAST_DATA_DIR": str(data_dir), "PORT": str(self.port), "LOG_LEVEL": "WARNING", **environment}
        self.errors = (data_dir.parent / "errors").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "holdfast", "scale", "--show-urls"],
            cwd=CHECKOUT,
            env={**kept, **given},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            process_group=0,
        )
        self.lines: list[str] = []

    def ready(self) -> "RunningScale":
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if "Try:" in line:
                return self
        raise AssertionError(f"{self.lines} {self.told()}")

    def told(self) -> str:
        """What it wrote to its standard error."""
        self.errors.seek(0)
        return self.errors.read()

    def address(self, name: str) -> str:
        return next(line.split(": ", 1)[1].strip() for line in self.lines if line.strip().startswith(f"{name}:"))

    @property
    def database_url(self) -> str:
        return self.address("PostgreSQL")

    def node_process(self, number: int) -> int:
        """Process id of a node, found by the port in its environment."""
        port = self.address(f"Node {number}").rpartition(":")[2]
        for pid in self.left():
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if f"PORT={port}".encode() in environment:
                return pid
        raise AssertionError(f"node {number} is not among {self.left()}")

    def left(self) -> list[int]:
        """Process ids of everything that belongs to this run, but not of the command itself."""
        named = str(self.data_dir).encode()
        found = {pid for name in ("postgres", "redis", "nginx") for pid in processes_in(self.data_dir / name)}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if named in (entry / "environ").read_bytes():
                    found.add(int(entry.name))
        return sorted(found - {self.process.pid})

    def ended(self) -> int:
        """Wait until everything has exited; returns the exit code."""
        code = self.process.wait(END_SECONDS)
        assert wait_until(lambda: not self.left(), END_SECONDS), self.left()
        return code

    def kill(self) -> None:
        """Kill whatever is left, and close everything."""
        for pid in [self.process.pid, *self.left()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        wait_until(lambda: not self.left(), END_SECONDS)
        self.process.stdout.close()
        self.errors.close()
