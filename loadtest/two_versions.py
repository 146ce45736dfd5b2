#!/usr/bin/env python3
"""Compare two versions of Holdfast by turns: what a request costs, and how many are answered.

    .venv/bin/python loadtest/two_versions.py OTHER/src [--rounds 5] [--seconds 3] [--load count reserve …]

This checkout's node and one of the other folder's run on one PostgreSQL and one Redis. Each round gives both the same
load, the order changing from round to round, so that what else the machine does hits both. Printed are ratios, other ÷
this, of requests a second and of the CPU that the node spends on each: their median, and that of the best rounds, which
other work on the machine has disturbed least. Compare a copy of this checkout first: what it differs by is noise.
"""

import argparse
import itertools
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from holdfast.bench.load.replay import replay
from holdfast.bench.proportion.ground import Ground, Scale, ground
from holdfast.bench.report.statistics import median
from holdfast.bench.server import Event
from holdfast.bench.stack.processes import cpu_seconds

CONNECTIONS = 64
SEATS = 500
EVENTS = 20
RESERVATIONS_PER_SECOND_MAX = 12_000

Requests = Callable[[Ground, Sequence[Event], float], Sequence[bytes]]


def counts(on: Ground, events: Sequence[Event], _seconds: float) -> Sequence[bytes]:
    """Available counts of the events in turn."""
    return on.count_requests(events)


def seat_lists(on: Ground, events: Sequence[Event], _seconds: float) -> Sequence[bytes]:
    """Seat lists of the events in turn."""
    return [on.server.get_request(f"/events/{event.id}/seats") for event in events]


def seats(on: Ground, events: Sequence[Event], _seconds: float) -> Sequence[bytes]:
    """Single seats, which are read from PostgreSQL each time."""
    return [on.server.get_request(f"/seats/{seat}") for event in events for seat in event.seat_ids[:50]]


def event_lists(on: Ground, _events: Sequence[Event], _seconds: float) -> Sequence[bytes]:
    """The list of events."""
    return [on.server.get_request("/events?limit=20")]


def reservations(on: Ground, _events: Sequence[Event], seconds: float) -> Sequence[bytes]:
    """A free seat of one event each."""
    event = on.server.make_event(int(RESERVATIONS_PER_SECOND_MAX * seconds))
    return list(on.server.reserve_requests(event, ([seat] for seat in event.seat_ids)))


LOADS: dict[str, Requests] = {
    "count": counts,
    "seat-list": seat_lists,
    "seat": seats,
    "event-list": event_lists,
    "reserve": reservations,
}


def measure(on: Ground, events: Sequence[Event], load: str, seconds: float) -> tuple[float, float]:
    """Load a node once; returns requests a second and CPU microseconds of the node for each."""
    requests = LOADS[load](on, events, seconds)
    pids = on.node
    before = cpu_seconds(pids)
    done = replay(on.server.caller.address, requests, connections=CONNECTIONS, seconds=seconds, once=load == "reserve")
    if done.bad:
        raise SystemExit(f"{load}: {done.bad} of {done.answers} answers were refusals or failures")
    return done.per_second, (cpu_seconds(pids) - before) / done.answers * 1e6


def main() -> None:
    """Start both, load them by turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", help="folder `src` of the other version")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--load", nargs="+", choices=list(LOADS), default=list(LOADS))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ground(Path(folder), Scale(), None) as this:
        shared = {"DATABASE_URL": this.stack.database_url, "REDIS_URL": this.stack.address("Redis") or ""}
        with ground(Path(folder), Scale(), asked.other, **shared) as other:
            events = [this.server.make_event(SEATS) for _ in range(EVENTS)]
            for load in asked.load:
                found: dict[str, list[tuple[float, float]]] = {"this": [], "other": []}
                nodes = [("this", this), ("other", other)]
                for _, node in nodes:
                    measure(node, events, load, 1.0)
                for _, order in zip(range(asked.rounds), itertools.cycle((nodes, nodes[::-1])), strict=False):
                    for name, node in order:
                        found[name].append(measure(node, events, load, asked.seconds))
                rates = [theirs[0] / ours[0] for ours, theirs in zip(found["this"], found["other"], strict=True)]
                costs = [theirs[1] / ours[1] for ours, theirs in zip(found["this"], found["other"], strict=True)]
                best = {name: (max(rate for rate, _ in of), min(cpu for _, cpu in of)) for name, of in found.items()}
                sys.stdout.write(
                    f"{load}: this {best['this'][0]:,.0f}/s, {best['this'][1]:.0f} µs CPU at best; other ÷ this: "
                    f"rate {median(rates):.3f}, of the best {best['other'][0] / best['this'][0]:.3f}; "
                    f"CPU {median(costs):.3f}, of the best {best['other'][1] / best['this'][1]:.3f} "
                    f"(rounds {min(costs):.2f} to {max(costs):.2f})\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
