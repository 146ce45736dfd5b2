"""Values that have to be sampled, because nothing happens when they change: pools, the event loop, the process."""

import asyncio
import os
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from prometheus_client import Counter, Gauge

from holdfast import __version__
from holdfast.telemetry import metrics, processes

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.25

_samplers: list[Callable[[], None]] = []
_summed: dict[Gauge, list[Callable[[], float]]] = {}


def watch_pool(name: str, *, size: int, busy: Callable[[], int], cell: str = "0") -> Callable[[], None]:
    """Export how many connections of a cell's pool are in use; return a function that stops it."""
    metrics.pool_size.labels(cell, name).set(size)
    in_use = metrics.pool_busy.labels(cell, name)

    def look() -> None:
        in_use.set(busy())

    _samplers.append(look)

    def end() -> None:
        _samplers.remove(look)
        in_use.set(0)
        metrics.pool_size.labels(cell, name).set(0)

    return end


def watch_sum(gauge: Gauge, value: Callable[[], float]) -> Callable[[], None]:
    """Export in a gauge the sum of all values that are watched for it, one for each cell; return what stops it."""
    values = _summed.setdefault(gauge, [])
    values.append(value)

    def look() -> None:
        gauge.set(sum(one() for one in values))

    _samplers.append(look)

    def end() -> None:
        _samplers.remove(look)
        values.remove(value)
        look()

    return end


def sample() -> None:
    """Take all samples once."""
    for look in tuple(_samplers):
        look()


async def watch_process() -> None:
    """Take samples until cancelled, and measure how late this task is woken each time."""
    metrics.build_info.labels(__version__, platform.python_version()).set(1)
    metrics.workers.set(1)
    process = None if processes.folder() is None else _ProcessMetrics()
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        metrics.event_loop_lag_seconds.observe(max(0.0, loop.time() - due))
        try:
            sample()
            if process is not None:
                process.look()
        except Exception:  # one failed sample must not end the sampling
            log.exception("process_not_sampled")


class _ProcessMetrics:
    """The usual process metrics, summed over the processes of a node.

    The client library exports them itself only for a single process.
    """

    def __init__(self) -> None:
        self._cpu = Counter("process_cpu_seconds", "Total user and system CPU time spent in seconds.", registry=None)
        self._memory = self._gauge("process_resident_memory_bytes", "Resident memory size in bytes.")
        self._files = self._gauge("process_open_fds", "Number of open file descriptors.")
        self._files_max = self._gauge("process_max_fds", "Maximum number of open file descriptors.", "livemin")
        started = self._gauge("process_start_time_seconds", "Start of the oldest process.", "livemin")
        started.set(time.time())
        self._cpu_seconds = 0.0

    @staticmethod
    def _gauge(name: str, meaning: str, mode: str = "livesum") -> Gauge:
        return Gauge(name, meaning, registry=None, multiprocess_mode=mode)  # type: ignore[arg-type]

    def look(self) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        cpu_seconds = usage.ru_utime + usage.ru_stime
        self._cpu.inc(cpu_seconds - self._cpu_seconds)
        self._cpu_seconds = cpu_seconds
        self._files_max.set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        try:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self._memory.set(pages * os.sysconf("SC_PAGE_SIZE"))
            self._files.set(sum(1 for _ in Path("/proc/self/fd").iterdir()))
        except OSError:  # not Linux
            return
