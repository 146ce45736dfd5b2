"""CPU time and memory of processes, read from /proc."""

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")

Roles = Mapping[str, Iterable[int]]
"""By what they do: the processes that are counted, each with all it has started."""


def with_children(roots: Iterable[int]) -> set[int]:
    """These processes and everything they started that still lives."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.glob("[0-9]*"):
        fields = _stat(int(entry.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """CPU time of these processes so far, with that of their children, also of those that have ended."""
    ticks = 0
    for pid in with_children(roots):
        fields = _stat(pid)
        if fields:
            ticks += sum(int(field) for field in fields[11:15])  # utime, stime, and those of ended children
    return ticks / _TICKS_A_SECOND


def cpu_by_role(roles: Roles) -> dict[str, float]:
    """CPU seconds of each role."""
    return {role: cpu_seconds(pids) for role, pids in roles.items()}


def memory_mib(roots: Iterable[int]) -> float:
    """Memory of these processes and their children; what several share counts once."""
    return sum(_proportional_kib(pid) for pid in with_children(roots)) / 1024


def peak_memory_mib(pids: Iterable[int]) -> float:
    """The most memory (resident) that any one of these processes has had."""
    return max((_status_kib(pid, "VmHWM:") for pid in pids), default=0) / 1024


def command_line(pid: int) -> list[str]:
    """The words a process was started with; none when it is gone."""
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    return []


def _stat(pid: int) -> list[str]:
    """The fields of /proc/pid/stat after the name: state first, then the parent."""
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return []


def _proportional_kib(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return _status_kib(pid, "VmRSS:")


def _status_kib(pid: int, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0
