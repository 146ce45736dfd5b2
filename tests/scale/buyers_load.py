"""Buyers who hold, read, buy and cancel, one request after the other, and remember every response."""

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field

import asyncpg

from holdfast.bench.clients.raw import Answer
from scale.http_caller import Caller, CallFailed

BASE = "/api/v1"
SEATS_OF_A_BUYER = 25


@dataclass
class Ledger:
    """Requests and responses. A failure is an unexpected response, or none."""

    requests: int = 0
    failures: list[str] = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    acknowledged: dict[str, str] = field(default_factory=dict)
    """The last acknowledged status of each reservation."""
    lost_in_flight: list[Answer] = field(default_factory=list)


async def put_on_sale(port: int, buyers: int) -> tuple[str, list[list[str]]]:
    """An event with separate seats for each buyer, so that they do not conflict."""
    async with Caller(port) as organiser:
        count = buyers * SEATS_OF_A_BUYER
        event = {"name": "Load", "start_at": "2099-01-01T00:00:00Z", "end_at": "2099-01-02T00:00:00Z"}
        made = await organiser.call("POST", f"{BASE}/events", {**event, "total_seats": count})
        event_id = made.json()["id"]
        added = await organiser.call(
            "POST", f"{BASE}/events/{event_id}/seats/bulk", {"prefix": "A", "count": count, "price": 100}
        )
        ids = [seat["id"] for seat in added.json()]
    return event_id, [ids[start : start + SEATS_OF_A_BUYER] for start in range(0, count, SEATS_OF_A_BUYER)]


class Buyer:
    """Goes round until told to stop; every fifth round buys, the others give back."""

    def __init__(self, port: int, number: int, event_id: str, seats: list[str], ledger: Ledger, *, retries=False):
        self._caller = Caller(port, f"buyer-{number}")
        self._event_id = event_id
        self._seats = seats
        self._ledger = ledger
        self._retries = retries

    async def go_round(self, stop: asyncio.Event) -> None:
        seats = iter(self._seats)
        seat = next(seats)
        async with self._caller:
            for number in itertools.count(1):
                if stop.is_set():
                    return
                buys = number % 5 == 0
                done = await self._round(number, seat, buys=buys)
                if done and buys:
                    seat = next(seats, None)
                    if seat is None:
                        return

    async def _round(self, number: int, seat: str, *, buys: bool) -> bool:
        wish = {"event_id": self._event_id, "seat_ids": [seat], "idempotency_key": f"round-{number}"}
        made = await self._ask("POST", "/reservations", 201, wish)
        if made is None:
            return False
        path = f"/reservations/{made['id']}"
        self._ledger.acknowledged[made["id"]] = made["status"]
        await self._ask("GET", path, 200)
        await self._ask("GET", f"/seats/{seat}", 200)
        done = await self._ask("POST", f"{path}/{'confirm' if buys else 'cancel'}", 200)
        if done is None:
            return False
        self._ledger.acknowledged[made["id"]] = done["status"]
        return True

    async def _ask(self, method: str, path: str, expected: int, body=None):
        ledger = self._ledger
        while True:
            ledger.requests += 1
            try:
                answer = await self._caller.call(method, BASE + path, body)
            except CallFailed as failure:
                ledger.failures.append(f"{method} {path}: {failure!r}")
                return None
            ledger.statuses[answer.status] += 1
            if answer.status == expected:
                return answer.json()
            if not (self._retries and answer.status == 502):
                ledger.failures.append(f"{method} {path}: {answer}")
                return None
            ledger.lost_in_flight.append(answer)


async def lost(ledger: Ledger, database_url: str) -> list[str]:
    """Acknowledged states that are missing in the database."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT id::text, status FROM reservations WHERE id = ANY ($1::text[]::uuid[])", list(ledger.acknowledged)
        )
    finally:
        await connection.close()
    order = ["pending", "cancelled", "confirmed"]
    found = {row["id"]: row["status"] for row in rows}
    return [
        f"{reservation_id}: acknowledged {status}, found {found.get(reservation_id)}"
        for reservation_id, status in ledger.acknowledged.items()
        if found.get(reservation_id) is None or order.index(found[reservation_id]) < order.index(status)
    ]


async def buyers_at_work(port: int, buyers: int, ledger: Ledger, stop: asyncio.Event, *, retries=False) -> None:
    """Let buyers go round until told to stop."""
    event_id, seats = await put_on_sale(port, buyers)
    await asyncio.gather(
        *(
            Buyer(port, number, event_id, own, ledger, retries=retries).go_round(stop)
            for number, own in enumerate(seats)
        )
    )
