#!/usr/bin/env python3
"""Measure what the auditor costs: its share of PostgreSQL's CPU while one node takes all the reservations it can.

    .venv/bin/python loadtest/auditor_cost.py [seconds]

It starts a stack of its own, as `holdfast run` does, and reads the CPU time of the auditor's backend from /proc. Give
it a few of the auditor's rounds of 60 s.
"""

import asyncio
import contextlib
import sys
import tempfile
import threading
import time
from pathlib import Path

import asyncpg

from holdfast.bench.server import Server
from holdfast.bench.stack.own_stack import own_stack
from holdfast.bench.stack.processes import cpu_by_role

CONNECTIONS = 64
SEATS = 60_000
LOOK_SECONDS = 0.02
LOOK = "SELECT pid FROM pg_stat_activity WHERE application_name = 'holdfast-auditor'"


async def watch(database_url: str, spent_ns: dict[int, int], stop: threading.Event) -> None:
    """Keep the CPU time of each backend of the auditor as it was last seen."""
    connection = await asyncpg.connect(database_url)
    while not stop.is_set():
        for row in await connection.fetch(LOOK):
            _note(row["pid"], spent_ns)
        await asyncio.sleep(LOOK_SECONDS)
    await connection.close()


def _note(pid: int, spent_ns: dict[int, int]) -> None:
    with contextlib.suppress(OSError):
        spent_ns[pid] = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def main(seconds: float) -> None:
    """Load, watch, and print."""
    with tempfile.TemporaryDirectory() as folder, own_stack(Path(folder)) as stack:
        server = Server(stack.url, "Holdfast")
        server.learn()
        spent_ns: dict[int, int] = {}
        stop = threading.Event()
        watcher = threading.Thread(target=lambda: asyncio.run(watch(stack.database_url, spent_ns, stop)))
        watcher.start()
        before, begin, reservations = cpu_by_role(stack.roles()), time.monotonic(), 0
        while time.monotonic() < begin + seconds:
            event = server.make_event(SEATS)
            left = begin + seconds - time.monotonic()
            wishes = ([seat] for seat in event.seat_ids)
            load = server.reserve(event, wishes, connections=CONNECTIONS, seconds=max(0.1, left))
            reservations += load.statuses[201]
        elapsed = time.monotonic() - begin
        all_of_it = cpu_by_role(stack.roles())["PostgreSQL"] - before["PostgreSQL"]
        stop.set()
        watcher.join()
        server.close()
    auditor = sum(spent_ns.values()) / 1e9
    sys.stdout.write(
        f"{reservations:,} reservations in {elapsed:.0f} s; PostgreSQL {all_of_it:.1f} s of CPU, "
        f"the auditor {auditor:.2f} s in {len(spent_ns)} backends: {auditor / all_of_it:.1%}\n"
    )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 190.0)
