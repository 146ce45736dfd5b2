#!/usr/bin/env python3
"""Measure reads that are spread over many events, and what they cost those who buy.

    .venv/bin/python loadtest/many_events.py [events]

It starts a stack of its own, as `holdfast run` does, makes that many events (1,500) of 500 seats, and prints

* how many counts of available seats a second are answered over 64, 500 and all events;
* what a reservation takes with and without such a reader over all events;
* mixed reads over 72 events on a node that has just started, and on the same node once it is warm.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from multiprocessing.synchronize import Event as Signal
from pathlib import Path

import httpx

from holdfast.bench.clients.driver import drive
from holdfast.bench.report.statistics import percentile
from holdfast.bench.server import Event, Server
from holdfast.bench.stack.own_stack import Stack, own_stack
from holdfast.infrastructure.embedded.folder import free_port

SEATS = 500
CONNECTIONS = 64
SECONDS = 3.0
COLD_SECONDS = 2.0
MIXED_EVENTS = 72
MIX = ("/seats", "/seats/available/count", "/availability", "/seats/available/count", "/seats", "")
"""What of an event is read in turn; the last is the event itself."""
BUYERS = 4


def counts(server: Server, event_ids: Sequence[str]) -> Iterator[bytes]:
    """Requests for the number of available seats, one event after the other, for ever."""
    return cycle([server.get_request(f"/events/{event_id}/seats/available/count") for event_id in event_ids])


def mixed(server: Server, event_ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Requests of each kind in turn, for ever, with their kinds; each kind goes through all events."""
    made = {
        what: cycle([server.get_request(f"/events/{event_id}{what}") for event_id in event_ids]) for what in set(MIX)
    }
    for what in cycle(MIX):
        yield what, next(made[what])


def read_until(url: str, event_ids: Sequence[str], begun: Signal, ended: Signal) -> None:
    """Read counts of all events, in a process of its own, until it is told to end."""
    server = Server(url, "reader")
    begun.set()
    while not ended.is_set():
        drive(server.caller.address, counts(server, event_ids), connections=CONNECTIONS, seconds=0.5)


def bought(server: Server, event: Event, seats: Iterator[str]) -> str:
    """Hold seats one by one for a while; returns what that took."""
    wishes = ([seat] for seat in islice(seats, 4_000))
    load = server.reserve(event, wishes, connections=BUYERS, seconds=SECONDS)
    took = [seconds * 1000 for seconds in load.latencies_seconds]
    return f"p50 {percentile(took, 0.5):.1f} ms, p99 {percentile(took, 0.99):.1f} ms, {load.per_second:.0f}/s"


def read_mixed(server: Server, event_ids: Sequence[str], seconds: float) -> str:
    """Read everything of some events; returns how quick that was, and the lists among it."""
    kinds: dict[int, str] = {}
    answered: list[str] = []

    def requests() -> Iterator[bytes]:
        for number, (what, request) in enumerate(mixed(server, event_ids)):
            kinds[number] = what
            yield request

    load = drive(
        server.caller.address,
        requests(),
        connections=CONNECTIONS,
        seconds=seconds,
        on_answer=lambda number, _status, _answer: answered.append(kinds.pop(number)),
    )
    lists = [1000 * took for what, took in zip(answered, load.latencies_seconds, strict=True) if what == "/seats"]
    mean = 1000 * CONNECTIONS / load.per_second
    told = f"{load.per_second:.0f}/s (mean {mean:.1f} ms); lists p50 {percentile(lists, 0.5):.1f} ms"
    others = {status: count for status, count in load.statuses.items() if status != 200}
    return f"{told}, p99 {percentile(lists, 0.99):.1f} ms{f', other answers: {others}' if others else ''}"


@contextmanager
def new_node(stack: Stack) -> Iterator[str]:
    """Start a further node on the stack's servers; returns its URL the moment it is ready."""
    port = free_port()
    where = {"DATABASE_URL": stack.database_url, "REDIS_URL": stack.address("Redis") or "", "PORT": str(port)}
    environment = {
        **os.environ,
        **where,
        "HOST": "127.0.0.1",
        "APP_ENV": "production",
        "AUTH_MODE": "open",
        "LOG_LEVEL": "ERROR",
    }
    node = subprocess.Popen([sys.executable, "-m", "holdfast", "serve"], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, timeout=5) as client:
            while not _ready(client):
                time.sleep(0.02)
        yield url
    finally:
        node.terminate()
        node.wait()


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(events: int) -> None:
    """Make the events, measure, print."""
    spawn = multiprocessing.get_context("spawn")
    environment = {"APP_ENV": "production", "AUTH_MODE": "open"}
    with tempfile.TemporaryDirectory() as folder, own_stack(Path(folder), environment=environment) as stack:
        server = Server(stack.url, "Holdfast")
        server.learn()
        event_ids = [server.make_event(SEATS).id for _ in range(events)]
        for some in (64, 500, events):
            read = drive(
                server.caller.address, counts(server, event_ids[:some]), connections=CONNECTIONS, seconds=SECONDS
            )
            say(f"counts over {some} events: {read.per_second:.0f}/s {dict(read.statuses)}")
        event = server.make_event(20_000)
        seats = iter(event.seat_ids)
        say(f"{BUYERS} buyers: {bought(server, event, seats)}")
        for some in (64, events):
            begun, ended = spawn.Event(), spawn.Event()
            reader = spawn.Process(target=read_until, args=(stack.url, event_ids[:some], begun, ended))
            reader.start()
            begun.wait(30)
            time.sleep(0.5)
            say(f"{BUYERS} buyers beside {CONNECTIONS} readers of {some} events: {bought(server, event, seats)}")
            ended.set()
            reader.join()
        with new_node(stack) as url:
            fresh = Server(url, "new node")
            few = event_ids[:MIXED_EVENTS]
            say(f"mixed reads of {MIXED_EVENTS} events, cold: {read_mixed(fresh, few, COLD_SECONDS)}")
            say(f"the same, warm: {read_mixed(fresh, few, SECONDS)}")
            fresh.close()
        server.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_500)
