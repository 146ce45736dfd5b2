"""CPU time and memory of processes and their children, by psutil."""

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

_MIB = 1024 * 1024

Roles = Mapping[str, Iterable[int]]
"""The processes to count with their children, by role."""


def with_children(roots: Iterable[int]) -> set[int]:
    """Return these processes and all their living children."""
    return {process.pid for process in _living(roots)}


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return the CPU time of these processes and their children so far, including children that have ended."""
    total = 0.0
    for process in _living(roots):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def cpu_by_role(roles: Roles) -> dict[str, float]:
    """Return the CPU seconds of each role."""
    return {role: cpu_seconds(pids) for role, pids in roles.items()}


def memory_mib(roots: Iterable[int]) -> float:
    """Return the memory of these processes and their children; shared memory counts once."""
    total = 0
    for process in _living(roots):
        with contextlib.suppress(psutil.Error):
            try:
                total += process.memory_full_info().pss
            except psutil.AccessDenied:
                total += process.memory_info().rss
    return total / _MIB


def peak_memory_mib(pids: Iterable[int]) -> float:
    """Return the highest resident memory that any of these processes has had. psutil 7 has no such figure on Linux."""
    return max((_peak_kib(pid) for pid in pids), default=0) / 1024


def command_line(pid: int) -> list[str]:
    """Return the words a process was started with; none if it no longer runs."""
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
