"""Buyers and an organiser in front of nodes that start and stop, distributed as by a proxy."""

import asyncio
import itertools
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import httpx

BASE = "/api/v1"
_PAUSE_SECONDS = 0.1
"""So that small machines have CPU time left to start nodes."""
_DETAILS = {"name": "Load", "start_at": "2099-01-01T00:00:00Z", "end_at": "2099-01-02T00:00:00Z"}


@dataclass
class Front:
    """The nodes that get requests, and how many each has in progress."""

    ports: list[int] = field(default_factory=list)
    under_way: Counter = field(default_factory=Counter)

    async def take_out(self, port: int) -> None:
        """Send a node nothing new, and wait until it has responded to everything."""
        self.ports.remove(port)
        async with asyncio.timeout(30):
            while self.under_way[port]:  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.02)


@dataclass
class Ledger:
    """The requests and responses."""

    answers: Counter = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)
    """The last acknowledged status of each reservation."""

    async def more(self, count: int = 100) -> None:
        """Wait for this many further responses."""
        wanted = self.answers.total() + count
        async with asyncio.timeout(60):
            while self.answers.total() < wanted:  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.05)
        assert not self.failures, self.failures[:5]


class Caller:
    """One person. Each request goes to some node; after "busy" and "unknown" it is repeated with the same key."""

    def __init__(self, name: str, front: Front, ledger: Ledger) -> None:
        self._name, self._front, self._ledger = name, front, ledger
        self._http: dict[int, httpx.AsyncClient] = {}

    async def ask(self, method: str, path: str, expected: set[int], body=None) -> httpx.Response | None:
        while True:
            port = random.choice(self._front.ports)
            http = self._http.setdefault(port, httpx.AsyncClient(timeout=30, trust_env=False))
            self._front.under_way[port] += 1
            try:
                url = f"http://127.0.0.1:{port}{BASE}{path}"
                answer = await http.request(method, url, json=body, headers={"X-User-ID": self._name})
            except httpx.TransportError as failure:
                self._ledger.failures.append(f"{method} {path} of {port}: {failure!r}")
                return None
            finally:
                self._front.under_way[port] -= 1
            self._ledger.answers[answer.status_code] += 1
            if answer.status_code in expected:
                return answer
            if answer.status_code == 503 and answer.json().get("outcome") in ("none", "unknown"):
                await asyncio.sleep(0.2)
                continue
            self._ledger.failures.append(f"{method} {path} of {port}: {answer.status_code} {answer.text[:300]}")
            return None

    async def must(self, method: str, path: str, expected: int, body=None):
        """Send a request until the expected status arrives; return the response."""
        answer = await self.ask(method, path, {expected}, body)
        assert answer is not None, self._ledger.failures[-1]
        return answer.json()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_) -> None:
        for http in self._http.values():
            await http.aclose()


async def put_on_sale(caller: Caller, seats: int) -> tuple[str, list[str]]:
    """Create an event with seats."""
    event_id = (await caller.must("POST", "/events", 201, {**_DETAILS, "total_seats": seats}))["id"]
    wanted = {"prefix": "A", "count": seats, "price": 5}
    added = await caller.must("POST", f"/events/{event_id}/seats/bulk", 201, wanted)
    return event_id, [seat["id"] for seat in added]


async def buy(caller: Caller, ledger: Ledger, event_id: str, seats: list[str], stop: asyncio.Event) -> None:
    """Reserve seats that others want too; confirm every fifth hold, read the chart, cancel the rest."""
    async with caller:
        for number in itertools.count():
            if stop.is_set():
                return
            wish = {"event_id": event_id, "seat_ids": random.sample(seats, 2), "idempotency_key": f"round-{number}"}
            made = await caller.ask("POST", "/reservations", {201, 409}, wish)
            if made is not None and made.status_code == 201:
                reservation_id = made.json()["id"]
                ledger.acknowledged[reservation_id] = "pending"
                verb = "confirm" if number % 5 == 0 else "cancel"
                done = await caller.ask("POST", f"/reservations/{reservation_id}/{verb}", {200})
                if done is not None:
                    ledger.acknowledged[reservation_id] = done.json()["status"]
            await caller.ask("GET", f"/events/{event_id}/seats?available=true", {200})
            await asyncio.sleep(_PAUSE_SECONDS)


async def organise(caller: Caller, stop: asyncio.Event) -> None:
    """Create, edit and delete events."""
    async with caller:
        for number in itertools.count():
            if stop.is_set():
                return
            event_id, _ = await put_on_sale(caller, 20)
            edited = {**_DETAILS, "name": f"Load {number}", "total_seats": 20}
            await caller.ask("PUT", f"/events/{event_id}", {200}, edited)
            await caller.ask("DELETE", f"/events/{event_id}", {204})
            await asyncio.sleep(_PAUSE_SECONDS)
