#!/usr/bin/env python3
"""What seats and reservations take on PostgreSQL's disk and in its log: `python loadtest/storage.py`.

Sells seats on a stack of its own, two per reservation, confirms all, and divides the growth of the tables (with their
indexes) and of the WAL by the number of reservations: as grown, and after VACUUM FULL, which leaves no gaps.
"""

import asyncio
import sys
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from holdfast.bench.server import Event, Server
from holdfast.bench.stack.own_stack import own_stack

TABLES = ("events", "seats", "claims", "reservations", "changes")
SEATS_EACH = 2
CALLERS = 16


async def _sizes(connection: asyncpg.Connection) -> dict[str, int]:
    sizes = {
        table: await connection.fetchval("SELECT pg_total_relation_size($1::text::regclass)", table) for table in TABLES
    }
    sizes["WAL"] = await connection.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
    return {name: int(size) for name, size in sizes.items()}


async def _insist(http: httpx.AsyncClient, user: str, path: str, body: object = None) -> dict[str, Any]:
    """Send a request, also again while the server is too busy."""
    while True:
        answer = await http.post(path, json=body, headers={"X-User-ID": user})
        if answer.status_code != 503:
            found: dict[str, Any] = answer.raise_for_status().json()
            return found
        await asyncio.sleep(0.5)


async def _sell(url: str, event: Event, reservations: int) -> None:
    numbers = iter(range(reservations))
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=60) as http:

        async def caller(user: str) -> None:
            for number in numbers:
                seats = list(event.seat_ids[number * SEATS_EACH : (number + 1) * SEATS_EACH])
                wish = {"event_id": event.id, "seat_ids": seats, "idempotency_key": f"order-{number:012}"}
                made = await _insist(http, user, "/reservations", wish)
                await _insist(http, user, f"/reservations/{made['id']}/confirm")

        await asyncio.gather(*(caller(f"buyer-{number:06}") for number in range(CALLERS)))


def _tell(what: str, before: dict[str, int], after: dict[str, int], units: int) -> None:
    grown = {name: (after[name] - before[name]) / units for name in before}
    tables = sum(size for name, size in grown.items() if name != "WAL")
    parts = ", ".join(f"{name} {size:.0f}" for name, size in grown.items())
    sys.stdout.write(f"{what}: {tables:.0f} bytes ({parts})\n")
    sys.stdout.flush()


async def _measure(url: str, database_url: str, reservations: int) -> None:
    connection = await asyncpg.connect(database_url)
    empty = await _sizes(connection)
    with closing(Server(url, "storage")) as server:
        event = server.make_event(reservations * SEATS_EACH)
    made = await _sizes(connection)
    _tell("one seat", empty, made, reservations * SEATS_EACH)
    await _sell(url, event, reservations)
    sold = await _sizes(connection)
    _tell(f"one sold reservation of {SEATS_EACH} seats, as grown", made, sold, reservations)
    for table in TABLES:
        await connection.execute(f"VACUUM FULL {table}")
    compact = await _sizes(connection)
    _tell("one sold reservation with its seats, without gaps", empty, compact | {"WAL": sold["WAL"]}, reservations)
    await connection.close()


def main() -> None:
    """Measure and print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--reservations", type=int, default=10_000)
    given = parser.parse_args()
    with own_stack(Path(".holdfast") / "storage") as stack:
        asyncio.run(_measure(stack.url, stack.database_url, given.reservations))


if __name__ == "__main__":
    main()
