#!/usr/bin/env python3
"""Measure what organisers read of an event with many reservations: its lists, its CSV file, its sales figures.

    .venv/bin/python loadtest/export_reservations.py [reservations]

It starts a stack of its own, as `holdfast run` does, writes an event with this many reservations of two seats (default
1,000,000) by SQL, seven in ten of them sold, and its log. Then it reads: pages of each filter; the whole file, as fast
as it comes, with the server's memory before and after and how long count requests take meanwhile; and the sales by
day, by minute and category, for the first time and again.
"""

import asyncio
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx

from holdfast.bench.stack.own_stack import Stack, own_stack
from holdfast.bench.stack.processes import memory_mib, peak_memory_mib

EVENT = UUID(int=1)
PER_STATEMENT = 100_000
SEATS_MAX = 1_000_000
"""What an event may have; with more reservations, some seats are in several."""
PAGES = 20

_EVENT = """
INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at, version)
VALUES ($1, 'Event', '', '', now() + '1 day', now() + '1 day', 1000000, now() - '31 days'::interval, now(), $2);
"""
_CATEGORIES = """
INSERT INTO categories (event_id, number, place, key, name, color, price)
SELECT $1, n, n, 'c-' || n, 'Category', '#000000', 100 * n FROM generate_series(1, 4) AS n
"""
_SEATS = """
INSERT INTO seats (id, event_id, seat_number, price, position, category)
SELECT md5('s' || n)::uuid, $1, 'S-' || n, NULL, n, 1 + n % 4 FROM generate_series($2::int, $3::int) AS n
"""
_RESERVATIONS = """
INSERT INTO reservations (id, event_id, user_id, idempotency_key, fingerprint, seat_ids, prices, status, cancel_reason,
    total_amount, created_at, expires_at, confirmed_at, created_version, changed_version)
SELECT md5('r' || n)::uuid, $1, 'shop:user-' || n % 300000, 'key-' || n, '',
    ARRAY[md5('s' || 1 + 2 * n % $4::int)::uuid, md5('s' || 1 + (2 * n + 1) % $4::int)::uuid], ARRAY[100, 200],
    CASE WHEN n % 10 < 7 THEN 'confirmed' ELSE 'cancelled' END, CASE WHEN n % 10 < 7 THEN NULL ELSE 'expired' END, 300,
    made.at, made.at + '15 min'::interval, CASE WHEN n % 10 < 7 THEN made.at END, 2 * n, 2 * n + 1
FROM generate_series($2::int, $3::int) AS n, LATERAL (
    SELECT now() - '30 days'::interval + n * '2 s'::interval AS at
) AS made
"""
_LOG = """
INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at)
SELECT event_id, created_version, 'reserved', id, seat_ids, created_at FROM reservations
WHERE event_id = $1 AND status IN ('confirmed', 'cancelled') AND created_version > 0
    AND created_version BETWEEN 2 * $2::bigint AND 2 * $3::bigint
UNION ALL
SELECT event_id, changed_version, CASE status WHEN 'confirmed' THEN 'confirmed' ELSE 'expired' END, id, seat_ids,
    created_at + '1 min'::interval
FROM reservations
WHERE event_id = $1 AND status IN ('confirmed', 'cancelled') AND created_version > 0
    AND created_version BETWEEN 2 * $2::bigint AND 2 * $3::bigint
"""


async def fill(database_url: str, reservations: int) -> None:
    """Write the event."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(_EVENT, EVENT, 2 * reservations + 1)
    await connection.execute(_CATEGORIES, EVENT)
    seats = min(2 * reservations, SEATS_MAX)
    for start in range(1, seats + 1, PER_STATEMENT):
        await connection.execute(_SEATS, EVENT, start, min(start + PER_STATEMENT - 1, seats))
    for start in range(1, reservations + 1, PER_STATEMENT):
        part = EVENT, start, min(start + PER_STATEMENT - 1, reservations)
        await connection.execute(_RESERVATIONS, *part, seats)
        await connection.execute(_LOG, *part)
    await connection.execute(
        "INSERT INTO changes (event_id, version, kind, seat_ids, at) VALUES ($1, 1, 'seats_added', '{}', now())", EVENT
    )
    await connection.execute("ANALYZE")
    await connection.close()


def lists(client: httpx.Client) -> None:
    """Time the first pages of each filter."""
    for query in ("", "?status=confirmed", "?status=cancelled", "?status=pending", "?user_id=shop:user-7"):
        took = []
        for _ in range(PAGES):
            begin = time.monotonic()
            found = client.get(f"{_path('reservations')}{query}").raise_for_status().json()
            took.append((time.monotonic() - begin) * 1000)
        say(f"list {query or '(all)'}: {len(found)} reservations, p50 {statistics.median(took):.1f} ms")


def file(client: httpx.Client, stack: Stack) -> None:
    """Read the whole file, and count seats beside it."""
    pids = stack.roles()["server"]
    before = memory_mib(pids)
    took: list[float] = []
    ended = threading.Event()
    other = threading.Thread(target=count_seats, args=(stack.url, ended, took))
    other.start()
    begin = time.monotonic()
    rows = size = 0
    with client.stream("GET", _path("reservations"), headers={"Accept": "text/csv"}) as answer:
        for piece in answer.iter_bytes():
            rows += piece.count(b"\r\n")
            size += len(piece)
    seconds = time.monotonic() - begin
    ended.set()
    other.join()
    say(f"file: {rows - 1:,} rows, {size / 1e6:.0f} MB in {seconds:.1f} s: {(rows - 1) / seconds:,.0f} rows/s")
    say(f"server: {before:.0f} MiB before, {memory_mib(pids):.0f} MiB after, peak {peak_memory_mib(pids):.0f} MiB")
    say(f"counts beside it: {len(took):,}, p50 {statistics.median(took):.1f} ms, longest {max(took):.1f} ms")


def count_seats(url: str, ended: threading.Event, took: list[float]) -> None:
    """Ask for the number of available seats, again and again."""
    with httpx.Client(base_url=url, timeout=60) as client:
        while not ended.is_set():
            begin = time.monotonic()
            client.get(_path("seats/available/count")).raise_for_status()
            took.append((time.monotonic() - begin) * 1000)
            time.sleep(0.02)


def sales(client: httpx.Client) -> None:
    """Read the sales figures; the first time as often as it takes."""
    begin, asked = time.monotonic(), 0
    while True:
        asked += 1
        answer = client.get(_path("sales"))
        if answer.status_code != 503:
            break
        time.sleep(1)
    say(f"sales by day, first: {time.monotonic() - begin:.1f} s in {asked} requests")
    say(f"  {answer.raise_for_status().json()['totals']}")
    for query in ("?bucket=day", "?bucket=hour"):
        begin = time.monotonic()
        buckets = client.get(_path("sales") + query).raise_for_status().json()["buckets"]
        say(f"sales {query}, again: {(time.monotonic() - begin) * 1000:.0f} ms, {len(buckets):,} buckets")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _path(name: str) -> str:
    return f"/api/v1/events/{EVENT}/{name}"


def main(reservations: int) -> None:
    """Fill, read, and print."""
    with tempfile.TemporaryDirectory() as folder, own_stack(Path(folder)) as stack:
        begin = time.monotonic()
        asyncio.run(fill(stack.database_url, reservations))
        say(f"{reservations:,} reservations and {2 * reservations:,} log entries in {time.monotonic() - begin:.0f} s")
        with httpx.Client(base_url=stack.url, timeout=120) as client:
            lists(client)
            file(client, stack)
            sales(client)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
