"""The machine that figures were measured on; they mean nothing without it."""

import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from holdfast.bench.failure import LoadError
from holdfast.bench.stack.own_stack import Stack

_BUSY_SHARE = 0.3
"""If more than this share of the processors is busy already, figures would be wrong."""
_PACE_STEPS = 300_000
_PACE_TRIES = 3


def describe(stack: Stack | None) -> dict[str, str]:
    """Return the machine and the versions, by name."""
    about = {
        "measured at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processors": f"{len(os.sched_getaffinity(0))} of {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Holdfast": version("holdfast"),
        "load before": f"{os.getloadavg()[0]:.2f}",
    }
    if stack is not None:
        from holdfast.bench.stack.pgbench import psql  # noqa: PLC0415 - needs the embedded servers' programs

        try:
            about["PostgreSQL"] = psql(stack.database_url, "SHOW server_version")
        except LoadError as error:
            about["PostgreSQL"] = str(error)
        about["Redis"] = "yes" if stack.address("Redis") else "no"
    return about


def pace_milliseconds() -> float:
    """Return the CPU time of a fixed piece of work: on shared processors it varies."""
    return min(_time_work() for _ in range(_PACE_TRIES)) * 1000


def _time_work() -> float:
    before = time.thread_time()
    number = 0
    for step in range(_PACE_STEPS):
        number += step
    return time.thread_time() - before


def busy() -> str | None:
    """Return one line if other work would distort the figures; None if the machine is idle."""
    load = os.getloadavg()[0]
    if load <= _BUSY_SHARE * len(os.sched_getaffinity(0)):
        return None
    return f"this machine is busy (load {load:.1f}): only ratios will mean something, and they less than on a quiet one"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
