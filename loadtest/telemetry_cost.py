#!/usr/bin/env python3
"""Measure what metrics and log lines cost: CPU time of an API process per reservation, with and without them.

    .venv/bin/python loadtest/telemetry_cost.py [rounds]

Every round serves the same load four times, in another order each time: with everything, without request lines,
without metrics, and without both. The figures are medians over the rounds, so that what else runs on the machine
disturbs little.
"""

import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from holdfast.bench.clients.raw import Answer, RawConnection, open_raw
from holdfast.bench.stack.processes import cpu_seconds
from holdfast.infrastructure.embedded import EmbeddedPostgres, EmbeddedRedis
from holdfast.infrastructure.postgres.migrations.migrate import upgrade

RESERVATIONS = 3_000
WARM_UP = 600
CONNECTIONS = 32

_NO_METRICS = """
from prometheus_client import Counter, Gauge, Histogram
nothing = lambda *_, **__: None
Counter.inc = Gauge.inc = Gauge.dec = Gauge.set = Histogram.observe = nothing
"""
_SERVE = """
import sys
from holdfast.cli import main
sys.argv = ["holdfast", "serve"]
main()
"""
VARIANTS = {
    "everything": ("", "INFO"),
    "without request lines": ("", "ERROR"),
    "without metrics": (_NO_METRICS, "INFO"),
    "without both": (_NO_METRICS, "ERROR"),
}


async def post(connection: RawConnection, path: str, body: object) -> Answer:
    """Ask over the raw client: on the same processors, httpx would take more than what is measured."""
    content = json.dumps(body).encode()
    head = f"POST /api/v1{path} HTTP/1.1\r\nHost: x\r\nX-User-ID: ann\r\nContent-Type: application/json\r\n"
    await connection.send(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return await connection.answer()


async def load(port: int, pid: int) -> float:
    """Make the reservations; returns the server's CPU microseconds for each, after a warm-up."""
    async with await open_raw(("127.0.0.1", port)) as one:
        start_at = datetime.now(UTC) + timedelta(days=1)
        times = {"start_at": start_at.isoformat(), "end_at": start_at.isoformat()}
        made = await post(one, "/events", {"name": "Cost", "total_seats": 100_000, **times})
        event_id = made.json()["id"]
        bulk = {"prefix": "A", "count": RESERVATIONS + WARM_UP, "price": 1}
        added = await post(one, f"/events/{event_id}/seats/bulk", bulk)
    seats = [seat["id"] for seat in added.json()]
    await _reserve(port, event_id, seats[:WARM_UP])
    before = cpu_seconds([pid])
    await _reserve(port, event_id, seats[WARM_UP:])
    return (cpu_seconds([pid]) - before) / RESERVATIONS * 1e6


async def _reserve(port: int, event_id: str, seats: list[str]) -> None:
    waiting = list(seats)

    async def buyer() -> None:
        async with await open_raw(("127.0.0.1", port)) as connection:
            while waiting:
                seat = waiting.pop()
                wish = {"event_id": event_id, "seat_ids": [seat], "idempotency_key": seat}
                answer = await post(connection, "/reservations", wish)
                assert answer.status == 201, answer.body

    await asyncio.gather(*(buyer() for _ in range(CONNECTIONS)))


def measure(variant: str, environment: dict[str, str], folder: Path) -> float:
    """Serve the load once; returns CPU microseconds per reservation."""
    patch, level = VARIANTS[variant]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = {**environment, "PORT": str(port), "LOG_LEVEL": level}
    with (folder / "serve.log").open("ab") as log:
        server = subprocess.Popen(  # noqa: S603 - this program
            [sys.executable, "-c", patch + _SERVE], env=environment, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        return asyncio.run(load(port, server.pid))
    finally:
        server.terminate()
        server.wait(20)


def main(rounds: int) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory(prefix="holdfast-cost-") as name:
        folder = Path(name)
        postgres, redis = EmbeddedPostgres(folder), EmbeddedRedis(folder)
        postgres.start()
        redis.start()
        try:
            upgrade(postgres.url)
            environment = {
                **os.environ,
                "APP_ENV": "production",
                "AUTH_MODE": "open",
                "HOST": "127.0.0.1",
                "DATABASE_URL": postgres.url,
                "REDIS_URL": redis.url,
            }
            taken: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
            for _ in range(rounds):
                for variant in random.sample(list(VARIANTS), len(VARIANTS)):
                    taken[variant].append(measure(variant, environment, folder))
        finally:
            redis.stop()
            postgres.stop()
    whole = statistics.median(taken["everything"])
    for variant, figures in taken.items():
        median = statistics.median(figures)
        sys.stdout.write(f"{variant:<24}{median:8.1f} µs CPU a reservation{1 - median / whole:9.1%} saved\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
