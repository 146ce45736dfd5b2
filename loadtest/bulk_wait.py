#!/usr/bin/env python3
"""Measure how long reservations of one event take while another event gets a million seats.

    .venv/bin/python loadtest/bulk_wait.py [calls]

It starts a stack of its own, as `holdfast run` does, sells seats one at a time for a while in quiet, and then while
another process adds 100,000 seats a call (default 10 calls) to the other event. Both answers are read to the end.
"""

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Event as Signal
from pathlib import Path

import httpx

from holdfast.bench.report.statistics import percentile
from holdfast.bench.server import Server
from holdfast.bench.stack.own_stack import own_stack
from holdfast.bench.stack.processes import peak_memory_mib

SEATS_A_CALL = 100_000
PAUSE_SECONDS = 0.01
QUIET_SECONDS = 5.0
SEATS_FOR_SALE = 20_000


def add_seats(port: int, event_id: str, calls: int, ended: Signal) -> None:
    """Add the seats, and say how fast; the process of its own that the reservations run beside."""
    begin = time.monotonic()
    with _client(port) as client:
        for number in range(calls):
            wanted = {"prefix": f"B{number}", "count": SEATS_A_CALL, "price": 5_000}
            _post(client, f"/api/v1/events/{event_id}/seats/bulk", wanted)
    rate = calls * SEATS_A_CALL / (time.monotonic() - begin)
    sys.stdout.write(f"{calls} calls of {SEATS_A_CALL:,} seats: {rate:,.0f} seats/s\n")
    ended.set()


def reserve(port: int, event_id: str, seats: Iterator[str], until: Callable[[], bool]) -> list[float]:
    """Hold one seat after the other; returns what each took, in milliseconds."""
    took = []
    with _client(port) as client:
        while not until():
            seat = next(seats)
            wish = {"event_id": event_id, "seat_ids": [seat], "idempotency_key": seat}
            begin = time.monotonic()
            _post(client, "/api/v1/reservations", wish)
            took.append((time.monotonic() - begin) * 1000)
            time.sleep(PAUSE_SECONDS)
    return took


def _client(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-User-ID": "buyer"}, timeout=120)


def _post(client: httpx.Client, path: str, body: object) -> None:
    answer = client.post(path, json=body)
    if answer.status_code != 201:
        raise SystemExit(f"{path}: {answer.status_code} {answer.text[:300]!r}")


def _line(name: str, took: list[float]) -> str:
    middle, high = percentile(took, 0.5), percentile(took, 0.99)
    return f"{name}: {len(took):,} reservations, p50 {middle:.1f} ms, p99 {high:.1f} ms, longest {max(took):.1f} ms\n"


def main(calls: int) -> None:
    """Sell in quiet, sell beside the bulk calls, and print."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, own_stack(Path(folder)) as stack:
        server = Server(stack.url, "Holdfast")
        server.learn()
        event = server.make_event(SEATS_FOR_SALE)
        other = server.open_event(calls * SEATS_A_CALL)
        port, event_id, seats = int(stack.url.rpartition(":")[2]), event.id, iter(event.seat_ids)
        quiet_ends = time.monotonic() + QUIET_SECONDS
        sys.stdout.write(_line("in quiet", reserve(port, event_id, seats, lambda: time.monotonic() > quiet_ends)))
        ended = spawn.Event()
        adding = spawn.Process(target=add_seats, args=(port, other, calls, ended))
        adding.start()
        took = reserve(port, event_id, seats, lambda: ended.is_set() or not adding.is_alive())
        adding.join()
        sys.stdout.write(_line("beside the bulk calls", took))
        sys.stdout.write(f"largest process of the server: {peak_memory_mib(stack.roles()['server']):.0f} MiB\n")
        server.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
