"""Holdfast's programs as processes, and their metrics and logs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from chaos.site.ports import quiet_port
from prometheus_client.parser import text_string_to_metric_families

# One for all, as making one takes long; a connection for each call, as processes that share a port are told apart so.
_client = httpx.Client(timeout=10, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


def get(url: str) -> str:
    return _client.get(url).raise_for_status().text


def eventually(fact: Callable[[], object], seconds: float = 20.0):
    """Wait until something returns a true value, and return it; exceptions count as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = fact()
        except ChildProcessError:
            raise
        except (OSError, httpx.HTTPError, AssertionError) as error:
            found, last = None, error
        else:
            last = None
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come true in {seconds} s") from last
        time.sleep(0.05)


class Samples:
    """The samples of an exposition."""

    def __init__(self, text: str) -> None:
        self.text = text
        families = list(text_string_to_metric_families(text))
        names = [family.name for family in families]
        assert len(names) == len(set(names)), "a family stands twice"
        self._samples = [sample for family in families for sample in family.samples]

    def all(self, name: str, **labels: str) -> list:
        return [sample for sample in self._samples if sample.name == name and labels.items() <= sample.labels.items()]

    def total(self, name: str, **labels: str) -> float:
        return sum(sample.value for sample in self.all(name, **labels))


class Program:
    """A running `holdfast serve` or `holdfast work`."""

    def __init__(self, process: subprocess.Popen, url: str, log_path: Path) -> None:
        self.process = process
        self.url = url
        self.log_path = log_path

    def metrics(self) -> Samples:
        return Samples(get(f"{self.url}/metrics"))

    def log(self) -> str:
        return self.log_path.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def running(command: str, folder: Path, **settings: str) -> Iterator[Program]:
    """Run a program until the end of the block; it is ready when the block begins."""
    port = quiet_port()
    log_path = folder / f"{command}-{port}.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "COV_", "DB_"))}
    environment |= {
        "APP_ENV": "production",
        "AUTH_MODE": "open",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKER_METRICS_PORT": str(port),
        "REDIS_CALL_SECONDS": "1",
        **settings,
    }
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "holdfast", command], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    listens_on = environment["PORT" if command == "serve" else "WORKER_METRICS_PORT"]
    program = Program(process, f"http://127.0.0.1:{listens_on}", log_path)
    try:
        eventually(lambda: _ready(program), seconds=40)
        yield program
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ready(program: Program) -> bool:
    if program.process.poll() is not None:
        raise ChildProcessError(program.log())
    return bool(get(f"{program.url}/metrics"))
