#!/usr/bin/env python3
"""Archive a year's worth of finished events while tickets are sold; print the disk and the latency of sales.

    .venv/bin/python loadtest/archive_year.py [--reservations 200000] [--months 12] [--fast]

It starts a stack of its own, as `holdfast run` does. For each month it makes a month's share of finished events, with
everything that was sold in them (`chaos.site.past_sales`), and archives them, as the worker does, to a folder. A few
buyers hold and confirm seats of other events all the time. At the end it verifies the files, and checks every promise.

Months pass within seconds here, so it runs VACUUM after each, which autovacuum does within minutes by itself.
"""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event as Signal
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

from chaos.site.past_sales import PastSales  # noqa: E402 - the checkout's own, it is not installed

from holdfast.bench.report.statistics import percentile  # noqa: E402
from holdfast.bench.stack.own_stack import own_stack  # noqa: E402

SALES = PastSales(seats=500, holds_per_seat=4)
BUYERS = 4
PAUSE_SECONDS = 0.05
CALM_SECONDS = 20.0
_SEATS = 10_000
_TABLES = ("claims", "reservations", "changes", "archived_reservations", "seats", "events")
_ADD_EVENTS = 50
"""Events that are made in one transaction."""

Sold = tuple[float, float]
"""When a seat was held and confirmed, and how long that took."""


class Buyers:
    """Hold and confirm seats one by one, in a process of their own."""

    def __init__(self, url: str) -> None:
        self._ended = multiprocessing.Event()
        ours, theirs = multiprocessing.Pipe(duplex=False)
        self._sold = ours
        self._process = multiprocessing.Process(target=_buy, args=(url, self._ended, theirs), daemon=True)
        self._process.start()

    def end(self) -> list[Sold]:
        """End, and return every sale."""
        self._ended.set()
        sold: list[Sold] = self._sold.recv()
        self._process.join()
        return sold


def _buy(url: str, ended: Signal, told: Connection) -> None:
    sold: list[Sold] = []

    async def buyer(client: httpx.AsyncClient, number: int) -> None:
        seats: list[str] = []
        event = ""
        user = {"X-User-ID": f"buyer-{number}"}
        while not ended.is_set():
            if not seats:
                event, seats = await _new_event(client)
            began = time.monotonic()
            wish = {"event_id": event, "seat_ids": [seats.pop()], "idempotency_key": str(uuid4())}
            held = await client.post("/reservations", json=wish, headers=user)
            held.raise_for_status()
            (await client.post(f"/reservations/{held.json()['id']}/confirm", headers=user)).raise_for_status()
            now = time.monotonic()
            sold.append((now, now - began))
            await asyncio.sleep(PAUSE_SECONDS)

    async def all_buy() -> None:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=30) as client:
            await asyncio.gather(*(buyer(client, number) for number in range(BUYERS)))

    asyncio.run(all_buy())
    told.send(sold)


async def _new_event(client: httpx.AsyncClient) -> tuple[str, list[str]]:
    start = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    details = {"name": "On sale", "start_at": start, "end_at": start, "total_seats": _SEATS}
    made = await client.post("/events", json=details)
    made.raise_for_status()
    event = made.json()["id"]
    added = await client.post(f"/events/{event}/seats/bulk", json={"prefix": "A", "count": _SEATS, "price": 5_000})
    added.raise_for_status()
    return event, [seat["id"] for seat in added.json()]


async def add_events(database_url: str, first: int, last: int, created_at: datetime) -> None:
    """Make the events of these numbers, over two connections."""
    blocks = iter([(block, min(block + _ADD_EVENTS - 1, last)) for block in range(first, last + 1, _ADD_EVENTS)])

    async def add() -> None:
        connection = await asyncpg.connect(database_url, command_timeout=600)
        try:
            for begin, end in blocks:
                await SALES.add(connection, begin, end, created_at=created_at)
        finally:
            await connection.close()

    await asyncio.gather(add(), add())


async def disk(database_url: str, *, vacuum: bool = False) -> dict[str, int]:
    """Return the sizes of the database and its tables with their indexes, in bytes."""
    connection = await asyncpg.connect(database_url, command_timeout=600)
    try:
        if vacuum:
            for table in _TABLES:
                await connection.execute(f"VACUUM {table}")
        sizes = {"database": await connection.fetchval("SELECT pg_database_size(current_database())")}
        for table in _TABLES:
            sizes[table] = await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", table)
        return sizes
    finally:
        await connection.close()


def archive(database_url: str, folder: Path, *words: str) -> str:
    """Run a command of the archive; return what it prints."""
    done = subprocess.run(  # noqa: S603 - this same program
        [sys.executable, "-m", "holdfast", "archive", *words],
        env={**os.environ, "DATABASE_URL": database_url, "ARCHIVE_AFTER_DAYS": "30", "ARCHIVE_TO": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"holdfast archive {' '.join(words)}: {done.stderr}{done.stdout}")
    return done.stdout


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


class Windows:
    """The phases of the run, for the latency of sales in each."""

    def __init__(self) -> None:
        self.phases: list[tuple[str, float, float]] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Record when a phase began and ended."""
        began = time.monotonic()
        yield
        self.phases.append((name, began, time.monotonic()))

    def rows(self, sold: Sequence[Sold], *, window_seconds: float = 60.0) -> Iterator[str]:
        """Yield a line for each window of each phase."""
        for name, began, ended in self.phases:
            start = began
            while start < ended:
                end = min(start + window_seconds, ended)
                took = [1000 * seconds for at, seconds in sold if start <= at < end]
                if took and (end - start > window_seconds / 4 or end - began <= window_seconds):
                    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
                    yield f"| {name} | {end - start:.0f} | {len(took)} | {p50:.1f} | {p99:.1f} | {max(took):.0f} |"
                start = end

    def total(self, name: str) -> float:
        """Return how long the phases of a name took in all."""
        return sum(ended - began for phase, began, ended in self.phases if phase == name)


def main() -> None:
    """Run it and print tables in Markdown."""
    parser = ArgumentParser(description="Archive a year's worth of finished events while tickets are sold.")
    parser.add_argument("--reservations", type=int, default=200_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--fast", action="store_true", help="archive without rests")
    given = parser.parse_args()
    events = max(1, given.reservations // SALES.reservations // given.months)
    windows = Windows()
    with tempfile.TemporaryDirectory(prefix="holdfast-year-") as name:
        folder = Path(name) / "archive"
        folder.mkdir()
        with own_stack(Path(name) / "stack") as stack:
            url = stack.database_url
            buyers = Buyers(stack.url)
            with windows.phase("before"):
                time.sleep(CALM_SECONDS)
            months = list(_months(url, folder, windows, (given.months, events), fast=given.fast))
            with windows.phase("after"):
                time.sleep(CALM_SECONDS)
            sold = buyers.end()
            verified = archive(url, folder, "verify").strip()
            files = sum(path.stat().st_size for path in folder.iterdir())
            checked = subprocess.run(
                [sys.executable, "-m", "holdfast", "check"],
                env={**os.environ, "DATABASE_URL": url},
                stdout=subprocess.DEVNULL,
                check=False,
            ).returncode
    _report(given.months, events, months, windows, sold)
    say(f"\n{verified}; {files / 1e6:,.0f} MB of files; `holdfast check`: {'clean' if checked == 0 else 'NOT CLEAN'}")
    sys.exit(checked)


def _months(
    url: str, folder: Path, windows: Windows, months_and_events: tuple[int, int], *, fast: bool
) -> Iterator[dict[str, dict[str, int]]]:
    """Let the months pass; yield the disk after each: with its sales, and once they are archived."""
    months, events = months_and_events
    for month in range(months):
        created_at = datetime.now(UTC) - timedelta(days=800 - 30 * month)
        with windows.phase("making"):
            asyncio.run(add_events(url, month * events + 1, (month + 1) * events, created_at))
        full = asyncio.run(disk(url))
        with windows.phase("archiving"):
            archive(url, folder, "run", *(["--fast"] if fast else []))
        left = asyncio.run(disk(url, vacuum=True))
        sys.stderr.write(
            f"month {month + 1}: {events * SALES.reservations:,} reservations made and archived; database "
            f"{full['database'] / 1e6:,.0f} MB, then {left['database'] / 1e6:,.0f} MB\n"
        )
        yield {"full": full, "left": left}


def _report(
    months: int, events: int, sizes: Sequence[dict[str, dict[str, int]]], windows: Windows, sold: Sequence[Sold]
) -> None:
    made = months * events * SALES.reservations
    archiving, making = windows.total("archiving"), windows.total("making")
    say(
        f"\n{made:,} reservations of {months * events:,} events in {months} months. Made in {making:.0f} s "
        f"({made / making:,.0f}/s), archived in {archiving:.0f} s ({made / archiving:,.0f}/s).\n"
    )
    say("| month | database, MB | " + " | ".join(table for table in _TABLES) + " |")
    say("|---:|---:|" + "---:|" * len(_TABLES))
    for number, size in enumerate(sizes, start=1):
        parts = " | ".join(f"{size['left'][table] / 1e6:,.0f}" for table in _TABLES)
        say(f"| {number} | {size['left']['database'] / 1e6:,.0f} | {parts} |")
    say("\n| phase | seconds | sales | p50, ms | p99, ms | longest, ms |\n|---|---:|---:|---:|---:|---:|")
    for row in windows.rows(sold):
        say(row)


if __name__ == "__main__":
    main()
