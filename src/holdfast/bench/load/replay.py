"""Repeats whole requests, with wrk if it is installed, otherwise with `driver`."""

import itertools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.bench.clients.driver import Address, drive
from holdfast.bench.failure import LoadError
from holdfast.bench.load.k6 import script
from holdfast.bench.report.statistics import percentile

_RESULT = re.compile(r"replayed (\d+) in (\d+) us, bad (\d+), p50 (\d+) us, p99 (\d+) us")
_GRACE_SECONDS = 30.0


@dataclass(frozen=True)
class Replay:
    """The responses to a repeated load."""

    answers: int
    bad: int
    """Responses that were not a success, and broken connections."""
    seconds: float
    p50_seconds: float
    p99_seconds: float

    @property
    def per_second(self) -> float:
        """Successful responses per second."""
        return max(0, self.answers - self.bad) / self.seconds if self.seconds else 0.0


def has_wrk() -> bool:
    """Return whether wrk makes the load: it needs a fifth of the CPU time of `driver`."""
    return shutil.which("wrk") is not None


def replay(
    address: Address, requests: Sequence[bytes], *, connections: int, seconds: float, once: bool = False
) -> Replay:
    """Send requests for some seconds, one at a time per connection.

    Args:
        address: Host and port.
        requests: Whole requests; after the last one it starts again with the first.
        connections: How many to open.
        seconds: How long.
        once: Stop after the last request instead.

    Raises:
        LoadError: The load cannot be made.
    """
    if not has_wrk():
        load = drive(address, requests if once else itertools.cycle(requests), connections=connections, seconds=seconds)
        good = sum(count for status, count in load.statuses.items() if 200 <= status < 400)
        return Replay(
            load.answers,
            load.answers - good,
            load.seconds,
            percentile(load.latencies_seconds, 0.5),
            percentile(load.latencies_seconds, 0.99),
        )
    with tempfile.NamedTemporaryFile("wb", suffix=".requests") as file:
        for request in requests:
            file.write(request + b"\0")
        file.flush()
        words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s", "-s"]
        words += [str(script("replay.lua")), f"http://{address[0]}:{address[1]}", "--", file.name]
        done = subprocess.run(  # noqa: S603 - the load generator that was found
            words + (["once"] if once else []),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + _GRACE_SECONDS,
        )
    found = _RESULT.search(done.stdout)
    if found is None:
        raise LoadError(f"wrk failed: {' '.join((done.stderr or done.stdout).split())[-300:]}")
    answers, microseconds, bad, p50, p99 = (int(figure) for figure in found.groups())
    return Replay(answers, bad, microseconds / 1e6, p50 / 1e6, p99 / 1e6)
