#!/usr/bin/env python3
"""Measure requests that leave the choice of seats to the server, over HTTP.

    .venv/bin/python loadtest/best_available.py [crowd] [speed] [area] [sell-out]

It starts a stack of its own, as `holdfast run` does. Without arguments it does all of these:

crowd     160 and then 2,000 buyers at once, groups of 1 to 8, in a hall of 8,000 seats. Nobody may be refused while the
          seats fit.
speed     Holds a second at 256 connections: two named seats each, then the best two, in halls of 20,000 seats.
area      50,000 places of one area, sold by 500 connections: exactly 50,000.
sell-out  A hall of 100,000 seats, sold to groups of 1 to 8 at 64 connections, until nothing is left.
"""

import json
import random
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from holdfast.bench.clients.driver import Load, body_of, drive
from holdfast.bench.report.statistics import percentile
from holdfast.bench.server import BASE, Event, Server
from holdfast.bench.stack.own_stack import own_stack

ROW_SEATS = 50
SPEED_SECONDS = 8.0
CATEGORIES = [{"key": "std", "name": "Standard", "color": "#336699", "price": 5_000}]


class Answers:
    """What was answered: how many seats, which ones, and the refusals."""

    def __init__(self) -> None:
        self.seats: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.refused_wrongly = 0
        self.put_off: list[int] = []
        """Requests that were answered 503, or not at all."""

    def note(self, number: int, status: int, answer: bytes) -> None:
        """Note one response."""
        if status in (0, 503):
            self.put_off.append(number)
            return
        told = json.loads(body_of(answer))
        if status == 201:
            self.seats.update(told["seat_ids"])
            return
        self.codes[told["code"]] += 1
        self.refused_wrongly += told["code"] != "not_enough_seats" or told["left"] >= told["wanted"]

    @property
    def sold_twice(self) -> int:
        """How many seats were given to two buyers."""
        return sum(count > 1 for count in self.seats.values())


def hall(server: Server, *, seats: int = 0, area: int = 0) -> Event:
    """Make an event with a hall: rows of 50 seats in up to eight sections, or an area."""
    event_id = server.open_event(seats + area)
    server.caller.json("PUT", f"{BASE}/events/{event_id}/categories", CATEGORIES)
    sections: list[dict[str, Any]] = []
    rows = seats // ROW_SEATS
    for number in range(8 if seats else 0):
        left, top = number % 4 * 60.0, number // 4 * (rows // 8 + 5) * 2.0 + 20.0
        made = [
            {
                "label": str(row + 1),
                "count": ROW_SEATS,
                "start": [left, top + 2.0 * row],
                "end": [left + ROW_SEATS - 1.0, top + 2.0 * row],
            }
            for row in range(rows * number // 8, rows * (number + 1) // 8)
        ]
        sections.append({"key": f"s{number}", "name": f"Section {number}", "category": "std", "rows": made})
    if area:
        sections.append({"key": "floor", "name": "Floor", "category": "std", "capacity": area})
    document = {"format": "holdfast-hall/1", "focal": [120.0, 0.0], "sections": sections}
    server.caller.json("PUT", f"{BASE}/events/{event_id}/hall", document)
    return Event(event_id, [seat["id"] for seat in server.seats(Event(event_id, []))])


def wishes(server: Server, event: Event, best: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Yield whole requests, each with a user and a key of its own."""
    run = uuid.uuid4().hex[:12]
    for number, wish in enumerate(best):
        body = json.dumps({"event_id": event.id, "best_available": wish, "idempotency_key": f"{run}-{number}"})
        head = f"POST {server.caller.prefix}{BASE}/reservations HTTP/1.1\r\nHost: {server.caller.host}\r\n"
        head += f"Content-Type: application/json\r\nX-User-ID: {run}-{number}\r\nContent-Length: {len(body)}\r\n\r\n"
        yield (head + body).encode()


def groups(number: int, dice: random.Random) -> Iterator[dict[str, Any]]:
    """Yield wishes of groups of 1 to 8."""
    return ({"count": dice.randint(1, 8)} for _ in range(number))


def told(load: Load) -> str:
    """Return how quick a load was."""
    took = [1000 * seconds for seconds in load.latencies_seconds]
    return f"{load.per_second:.0f}/s, p50 {percentile(took, 0.5):.0f} ms, p99 {percentile(took, 0.99):.0f} ms"


def crowd(server: Server) -> None:
    """Let many buyers ask at once."""
    for buyers in (160, 2_000):
        event, answers = hall(server, seats=8_000), Answers()
        dice = random.Random(buyers)  # noqa: S311 - the same in every run
        requests = list(wishes(server, event, groups(buyers, dice)))
        load = drive(server.caller.address, requests, connections=buyers, on_answer=answers.note)
        again = 0
        while answers.put_off:  # as the contract says: send it again with the same key
            requests, answers.put_off = [requests[number] for number in answers.put_off], []
            again += len(requests)
            drive(server.caller.address, requests, connections=min(256, len(requests)), on_answer=answers.note)
        say(
            f"crowd: {buyers} buyers at once in a hall of 8,000: {len(answers.seats):,} seats held, "
            f"{server.available(event):,} left; refused {dict(answers.codes)}, of them wrongly "
            f"{answers.refused_wrongly}; sold twice {answers.sold_twice}; sent again after a 503: {again}; {told(load)}"
        )


def speed(server: Server) -> None:
    """Compare named seats with chosen ones."""
    for what in ("named seats", "best available", "named seats", "best available"):
        event = hall(server, seats=20_000)
        if what == "named seats":
            pairs: Iterator[Sequence[str]] = (event.seat_ids[at : at + 2] for at in range(0, len(event.seat_ids), 2))
            requests = server.reserve_requests(event, pairs)
        else:
            requests = wishes(server, event, iter([{"count": 2}] * (len(event.seat_ids) // 2)))
        load = drive(server.caller.address, requests, connections=256, seconds=SPEED_SECONDS)
        say(f"speed: {what}, two each, 256 connections: {told(load)}, {dict(load.statuses)}")


def area(server: Server) -> None:
    """Sell out an area."""
    event, answers = hall(server, area=50_000), Answers()
    requests = wishes(server, event, iter([{"count": 1, "section": "floor"}] * 52_000))
    load = drive(server.caller.address, requests, connections=500, on_answer=answers.note)
    say(
        f"area: {len(answers.seats):,} of 50,000 places sold, twice {answers.sold_twice}, "
        f"left {server.available(event)}; refused {dict(answers.codes)}, of them wrongly {answers.refused_wrongly}; "
        f"{told(load)}"
    )


def sell_out(server: Server) -> None:
    """Sell out a large hall."""
    event, answers = hall(server, seats=100_000), Answers()
    dice = random.Random(1)  # noqa: S311 - the same in every run
    requests = wishes(server, event, groups(24_000, dice))
    load = drive(server.caller.address, requests, connections=64, on_answer=answers.note)
    while left := server.available(event):
        requests = wishes(server, event, iter([{"count": min(left, 20)}]))
        drive(server.caller.address, requests, connections=1, on_answer=answers.note)
    say(
        f"sell-out: {len(answers.seats):,} of 100,000 seats sold, twice {answers.sold_twice}, left {left}; "
        f"refused {dict(answers.codes)}, of them wrongly {answers.refused_wrongly}; {told(load)}"
    )


STEPS = {"crowd": crowd, "speed": speed, "area": area, "sell-out": sell_out}


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(steps: Sequence[str]) -> None:
    """Start a stack, measure, print."""
    environment = {"APP_ENV": "production", "AUTH_MODE": "open"}
    with tempfile.TemporaryDirectory() as folder, own_stack(Path(folder), environment=environment) as stack:
        server = Server(stack.url, "Holdfast")
        server.learn()
        for step in steps or STEPS:
            STEPS[step](server)


if __name__ == "__main__":
    main(sys.argv[1:])
