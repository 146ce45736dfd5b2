"""A `holdfast run` of a test's own, and what it prints."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
from chaos.site.ports import quiet_port

from holdfast.infrastructure.embedded.process import processes_in, wait_until

CHECKOUT = Path(__file__).parents[2]
END_SECONDS = 12


class Run:
    """One `holdfast run` (or another command that starts one) with a folder and a port of its own."""

    def __init__(
        self, data_dir: Path, command=(sys.executable, "-m", "holdfast", "run"), stdout=subprocess.PIPE, **environment
    ):
        self.data_dir = data_dir
        self.port = environment.pop("PORT", None) or quiet_port()
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env={**kept, "HOLDFAST_DATA_DIR": str(data_dir), "PORT": str(self.port), **environment},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self.lines: list[str] = []

    def ready(self) -> "Run":
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if "Try:" in line:
                return self
        raise AssertionError(f"{self.lines} {self.process.stderr.read()}")

    def address(self, name: str) -> str:
        return next(line.split(None, 1)[1] for line in self.lines if line.strip().startswith(f"{name}:"))

    def get(self, path: str):
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5).raise_for_status().content

    def left(self) -> list[int]:
        """Process ids of everything that belongs to this run, but not of the command itself."""
        named = str(self.data_dir).encode()
        found = processes_in(self.data_dir / "postgres") + processes_in(self.data_dir / "redis")
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if named in (entry / "environ").read_bytes() and int(entry.name) != self.process.pid:
                    found.append(int(entry.name))
        return found

    def program(self, command: str, *, missing: int | None = None) -> int:
        """The process whose last argument is the command; one that is just ending has no arguments left."""
        for pid in self.left():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().endswith(b"\0" + command.encode() + b"\0"):
                    return pid
        if missing is not None:
            return missing
        raise AssertionError(f"no {command} among {self.left()}")

    def memory_mib(self) -> float:
        """What the run's own programs take; what they share counts once."""
        ours = [self.process.pid, self.program("serve"), self.program("work")]
        rolled_up = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in ours]
        return sum(int(re.search(r"^Pss: +(\d+)", text, re.MULTILINE)[1]) for text in rolled_up) / 1024

    def ended(self) -> tuple[int, str]:
        """Wait for the end of everything; answers the exit code and the standard error."""
        _, errors = self.process.communicate(timeout=END_SECONDS)
        assert wait_until(lambda: not self.left(), END_SECONDS), self.left()
        return self.process.returncode, errors


def holdfast_command(*words, given=None, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "holdfast", *words],
        env={"PATH": os.environ["PATH"], **environment},
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
