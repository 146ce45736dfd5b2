"""CPU time and memory of processes with all that they have started, by psutil."""

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

_MIB = 1024 * 1024

Roles = Mapping[str, Iterable[int]]
"""By what they do: the processes that are counted, each with all it has started."""


def with_children(roots: Iterable[int]) -> set[int]:
    """These processes and everything they started that still lives."""
    return {process.pid for process in _living(roots)}


def cpu_seconds(roots: Iterable[int]) -> float:
    """CPU time of these processes so far, with that of their children, also of those that have ended."""
    total = 0.0
    for process in _living(roots):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def cpu_by_role(roles: Roles) -> dict[str, float]:
    """CPU seconds of each role."""
    return {role: cpu_seconds(pids) for role, pids in roles.items()}


def memory_mib(roots: Iterable[int]) -> float:
    """Memory of these processes and their children; what several share counts once."""
    total = 0
    for process in _living(roots):
        with contextlib.suppress(psutil.Error):
            try:
                total += process.memory_full_info().pss
            except psutil.AccessDenied:
                total += process.memory_info().rss
    return total / _MIB


def peak_memory_mib(pids: Iterable[int]) -> float:
    """The most memory (resident) that any one of these processes has had. psutil 7 does not tell it on Linux."""
    return max((_peak_kib(pid) for pid in pids), default=0) / 1024


def command_line(pid: int) -> list[str]:
    """The words a process was started with; none when it is gone."""
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).cmdline()
    return []


def _living(roots: Iterable[int]) -> set[psutil.Process]:
    found: set[psutil.Process] = set()
    for pid in roots:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            found |= {process, *process.children(recursive=True)}
    return found


def _peak_kib(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0
