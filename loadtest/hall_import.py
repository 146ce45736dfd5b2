#!/usr/bin/env python3
"""How fast halls are imported, beside bulk calls of as many seats: `python loadtest/hall_import.py http://127.0.0.1:8080`.

Both go over HTTP to a node that is running, in turn, each into events of their own.
"""

import asyncio
import statistics
import sys
import time
from argparse import ArgumentParser

import httpx

from holdfast.domain.hall.reading import write_hall
from holdfast.domain.hall.samples import STADIUM_CATEGORIES, stadium

BASE = "/api/v1"


async def _event(http: httpx.AsyncClient, seats: int) -> str:
    body = {
        "name": "Import",
        "start_at": "2099-01-01T00:00:00Z",
        "end_at": "2099-01-01T00:00:00Z",
        "total_seats": seats,
    }
    made = await http.post(f"{BASE}/events", json=body)
    made.raise_for_status()
    event_id: str = made.json()["id"]
    categories = [
        {"key": one.key, "name": one.name, "color": one.color, "price": one.price} for one in STADIUM_CATEGORIES
    ]
    (await http.put(f"{BASE}/events/{event_id}/categories", json=categories)).raise_for_status()
    return event_id


async def _measured(http: httpx.AsyncClient, seats: int, rounds: int) -> dict[str, list[float]]:
    document = write_hall(stadium(seats))
    numbered = {"prefix": "A", "count": seats, "price": 5000}
    seconds: dict[str, list[float]] = {"seats/bulk": [], "hall": [], "layout": []}
    for _ in range(rounds):
        event_id = await _event(http, seats)
        began = time.perf_counter()
        (await http.post(f"{BASE}/events/{event_id}/seats/bulk", json=numbered)).raise_for_status()
        seconds["seats/bulk"].append(time.perf_counter() - began)
        event_id = await _event(http, seats)
        began = time.perf_counter()
        (await http.put(f"{BASE}/events/{event_id}/hall", content=document)).raise_for_status()
        seconds["hall"].append(time.perf_counter() - began)
        began = time.perf_counter()
        layout = await http.get(f"{BASE}/events/{event_id}/layout", headers={"Accept-Encoding": "gzip"})
        seconds["layout"].append(time.perf_counter() - began)
        sys.stdout.write(f"layout of {layout.headers.get('content-length')} bytes\n")
    return seconds


async def main() -> None:
    """Measure and print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("address", help="of a node, such as http://127.0.0.1:8080")
    parser.add_argument("--seats", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    async with httpx.AsyncClient(base_url=given.address, timeout=60) as http:
        await _measured(http, 5_000, 1)
        measured = await _measured(http, given.seats, given.rounds)
    for name, seconds in measured.items():
        median = statistics.median(seconds)
        sys.stdout.write(f"{name}: {given.seats / median:,.0f} seats/s ({median:.2f} s, median of {given.rounds})\n")


if __name__ == "__main__":
    asyncio.run(main())
