#!/usr/bin/env python3
"""Show what a hoarder does to honest buyers, without and with the settings against it.

    .venv/bin/python loadtest/hoarding.py [--hall 20000] [--buyers 200] [--seconds 20]

For each row it starts a stack of its own, as `holdfast run` does, and puts a hall on sale. One attacker, at one
address, holds all of it in groups of twenty seats (or as many as a buyer may have), and each group again the moment its
hold expires. Honest buyers come over the next seconds, each from another address. They pick two seats that are free,
hold them, and buy them half a second later. Whoever finds none in five tries, a second apart, goes away. Printed are
the share of buyers who bought, and the seats that were taken on average while they came.

Where a row says so, holds last ten seconds instead of fifteen minutes, so that it shows the attacker keeping the hall.
Redis gets half a second for a call instead of 50 ms: on a busy machine the limits would otherwise stop now and then.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.queues import Queue
from pathlib import Path

import httpx

from holdfast.bench.clients.driver import body_of, drive
from holdfast.bench.server import BASE, Event, Server
from holdfast.bench.stack.own_stack import own_stack

GROUP_SEATS = 20
SEATS_PER_BUYER = "max_seats_per_buyer"
"""Of the event; all other settings are the node's."""
CONNECTIONS = 32
ATTACKER = "198.51.100.66"
HEAD_START_SECONDS = 4.0
TRIES = 5
DETAILS = ("name", "description", "venue", "start_at", "end_at", "total_seats")
BUDGET: dict[str, str] = {"HOLDS_PER_ADDRESS_MINUTE": "60"}
COOL_DOWN: dict[str, str] = {"REHOLD_SECONDS": "60", "REHOLD_AFTER": "3"}

SHORT: dict[str, str] = {"HOLD_SECONDS": "10"}

ROWS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("nobody", "default", {}),
    ("many guests, one address", "default", {}),
    ("many guests, one address", "budget", BUDGET),
    ("one user, who holds again", "`max_seats_per_buyer` 8", {SEATS_PER_BUYER: "8"}),
    ("one user, who holds again", "default, holds of 10 s", SHORT),
    ("one user, who holds again", "cool-down, holds of 10 s", SHORT | COOL_DOWN),
)


@dataclass(frozen=True)
class Way:
    """How the attacker goes about it."""

    many_names: bool
    group_seats: int


@dataclass
class Group:
    """Seats that the attacker holds together."""

    seats: list[str]
    due_at: float = 0.0
    """When the attacker asks for them (again)."""


@dataclass
class Attack:
    """One attacker. It asks for a group as soon as its hold has expired, so it asks only as often as it needs to."""

    server: Server
    event: Event
    many_names: bool
    groups: list[Group]
    asked: list[Group] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def run(self, until: float) -> None:
        """Attack until that time."""
        while time.time() < until:
            self.asked = [group for group in self.groups if group.due_at <= time.time()]
            requests = [self._request(group) for group in self.asked]
            if requests:
                drive(self.server.caller.address, requests, connections=CONNECTIONS, on_answer=self._answered)
            time.sleep(0.01)

    def _request(self, group: Group) -> bytes:
        user = f"guest-{uuid.uuid4()}" if self.many_names else "hoarder"
        wish = {"event_id": self.event.id, "seat_ids": group.seats, "idempotency_key": str(uuid.uuid4())}
        body = json.dumps(wish).encode()
        head = (
            f"POST {BASE}/reservations HTTP/1.1\r\nHost: {self.server.caller.host}\r\nX-User-ID: {user}\r\n"
            f"X-Forwarded-For: {ATTACKER}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _answered(self, number: int, status: int, answer: bytes) -> None:
        group = self.asked[number]
        now = time.time()
        if status == 201:
            self.answers["201"] += 1
            group.due_at = datetime.fromisoformat(json.loads(body_of(answer))["expires_at"]).timestamp()
            return
        problem = json.loads(body_of(answer))
        self.answers[f"{status} {problem['code']}"] += 1
        if problem["code"] == "seats_unavailable":
            taken = set(problem["seat_ids"])
            group.seats = [seat for seat in group.seats if seat not in taken] or group.seats
            group.due_at = now + 1.0
        else:
            group.due_at = now + 2.0


def attack(url: str, event: Event, way: Way, until: float, told: "Queue[Counter[str]]") -> None:
    """Attack in a process of its own."""
    seats = list(event.seat_ids)
    groups = [Group(seats[start : start + way.group_seats]) for start in range(0, len(seats), way.group_seats)]
    attacker = Attack(Server(url, "hoarder"), event, way.many_names, groups)
    attacker.run(until)
    told.put(attacker.answers)


async def free_seats(http: httpx.AsyncClient, event: Event) -> list[str]:
    """The seats that a buyer is shown as free."""
    answer = await http.get(f"{BASE}/events/{event.id}/availability", headers={"Accept": "application/octet-stream"})
    bits = answer.content
    return [seat for place, seat in enumerate(event.seat_ids) if not bits[place // 4] >> 2 * (place % 4) & 3]


async def buys(http: httpx.AsyncClient, event: Event, number: int, comes_after: float) -> bool:
    """Be one honest buyer; returns whether they bought."""
    await asyncio.sleep(comes_after)
    headers = {"X-User-ID": f"honest-{number}", "X-Forwarded-For": f"203.0.113.{number % 256}"}
    chance = random.Random(number)  # noqa: S311 - it chooses seats, not secrets
    for _ in range(TRIES):
        free = await free_seats(http, event)
        if len(free) >= 2:
            wish = {
                "event_id": event.id,
                "seat_ids": chance.sample(free, 2),
                "idempotency_key": str(uuid.uuid4()),
            }
            held = await http.post(f"{BASE}/reservations", json=wish, headers=headers)
            if held.status_code == 201:
                await asyncio.sleep(0.5)
                bought = await http.post(f"{BASE}/reservations/{held.json()['id']}/confirm", headers=headers)
                return bought.status_code == 200
        await asyncio.sleep(1.0)
    return False


async def honest_buyers(url: str, event: Event, buyers: int, seconds: float) -> tuple[int, int]:
    """Let the buyers come; returns how many bought, and how many seats were taken on average meanwhile."""
    limits = httpx.Limits(max_connections=50)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits, trust_env=False) as http:
        coming = [asyncio.create_task(buys(http, event, n, seconds * n / buyers)) for n in range(buyers)]
        free = []
        for _ in range(int(seconds)):
            free.append(len(await free_seats(http, event)))
            await asyncio.sleep(1)
        return sum(await asyncio.gather(*coming)), len(event.seat_ids) - sum(free) // len(free)


def measure(who: str, settings: Mapping[str, str], hall: int, buyers: int, seconds: float) -> Sequence[str]:
    """Run one row; returns its cells."""
    environment = {
        "APP_ENV": "production",
        "AUTH_MODE": "open",
        "TRUSTED_PROXIES": "127.0.0.1",
        "REDIS_CALL_SECONDS": "0.5",
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        own_stack(Path(folder), environment={**environment, **settings}) as stack,
    ):
        server = Server(stack.url, "Holdfast")
        event = server.make_event(hall)
        if SEATS_PER_BUYER in settings:
            details = server.caller.json("GET", f"{BASE}/events/{event.id}")
            details = {name: details[name] for name in DETAILS} | {SEATS_PER_BUYER: int(settings[SEATS_PER_BUYER])}
            server.caller.json("PUT", f"{BASE}/events/{event.id}", details)
        server.close()
        if who == "nobody":
            bought, taken = asyncio.run(honest_buyers(stack.url, event, buyers, seconds))
            answers: Counter[str] = Counter()
        else:
            way = Way(who.startswith("many"), int(settings.get(SEATS_PER_BUYER, GROUP_SEATS)))
            bought, taken, answers = attacked(stack.url, event, way, buyers, seconds)
    said = ", ".join(f"{what}: {count}" for what, count in sorted(answers.items()))
    return f"{bought / buyers:.0%} ({bought} of {buyers})", f"{taken:,}", said


def attacked(url: str, event: Event, way: Way, buyers: int, seconds: float) -> tuple[int, int, Counter[str]]:
    """Attack, and let the buyers come meanwhile; returns also what the attacker was answered."""
    spawn = multiprocessing.get_context("spawn")
    told: Queue[Counter[str]] = spawn.Queue()
    until = time.time() + HEAD_START_SECONDS + seconds + TRIES
    attacker = spawn.Process(target=attack, args=(url, event, way, until, told))
    attacker.start()
    time.sleep(HEAD_START_SECONDS)
    bought, taken = asyncio.run(honest_buyers(url, event, buyers, seconds))
    answers = told.get(timeout=60)
    attacker.join()
    return bought, taken, answers


def main() -> None:
    """Measure all rows and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hall", type=int, default=20_000)
    parser.add_argument("--buyers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    sys.stdout.write("| attacker | settings | honest buyers who bought | seats taken | the attacker was answered |\n")
    sys.stdout.write("|---|---|---|---|---|\n")
    for who, name, settings in ROWS:
        cells = measure(who, settings, asked.hall, asked.buyers, asked.seconds)
        sys.stdout.write(f"| {' | '.join((who, name, *cells))} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
