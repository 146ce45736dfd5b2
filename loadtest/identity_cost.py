#!/usr/bin/env python3
"""Measure what identity and limits cost: reservations by token ÷ in `open` mode, and with limits ÷ without.

    .venv/bin/python loadtest/identity_cost.py [--rounds 6] [--seconds 2] [--tokens 1000]

Three nodes run on one PostgreSQL and one Redis: one in `open` mode, one in `tokens` mode, and one in `open` mode with a
budget of holds per address and a cool-down, both too generous to refuse anything. All sell seats of events of their
own, one seat a request, by turns, the order changing from round to round. The event of `purchase-limit` has a limit of
seats per buyer. The tokens are known to the node, as they are for a minute after their first use; `token_cost.py` says
what the first use costs. Printed are ratios to the first node: of reservations a second, and of the node's CPU time for
each.
"""

import argparse
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from token_cost import KEYS, issuer_of, token_for

from holdfast.bench.load.replay import replay
from holdfast.bench.proportion.ground import Ground, Scale, ground
from holdfast.bench.report.statistics import median
from holdfast.bench.server import BASE, Event
from holdfast.bench.stack.processes import cpu_seconds

CONNECTIONS = 64
RESERVATIONS_PER_SECOND_MAX = 9_000


@dataclass(frozen=True)
class Side:
    """One way to reserve."""

    name: str
    node: Ground
    seats_per_buyer: int | None = None
    tokens: Sequence[str] = ()


def requests_of(side: Side, maker: Ground, seconds: float) -> Iterator[bytes]:
    """Make an event, by the node that lets everybody, and yield one request for each of its seats."""
    event = maker.server.make_event(int(RESERVATIONS_PER_SECOND_MAX * seconds))
    if side.seats_per_buyer is not None:
        _limit(maker, event, side.seats_per_buyer)
    wishes = side.node.server.reserve_requests(event, ([seat] for seat in event.seat_ids))
    if not side.tokens:
        return wishes
    bearers = itertools.cycle([f"Authorization: Bearer {token}\r\n".encode() for token in side.tokens])
    return (_without_user(wish, bearer) for wish, bearer in zip(wishes, bearers, strict=False))


def _without_user(request: bytes, instead: bytes) -> bytes:
    start = request.index(b"X-User-ID")
    return request[:start] + instead + request[request.index(b"\r\n", start) + 2 :]


def _limit(maker: Ground, event: Event, seats: int) -> None:
    details = maker.server.caller.json("GET", f"{BASE}/events/{event.id}")
    kept = ("name", "description", "venue", "start_at", "end_at", "total_seats")
    body = {name: details[name] for name in kept} | {"max_seats_per_buyer": seats}
    maker.server.caller.json("PUT", f"{BASE}/events/{event.id}", body)


def _make_known(side: Side) -> None:
    """Have the node check each token once: in a short round, 1,000 signatures would weigh too much."""
    who = side.node.server.get_request("/me")
    requests = [
        who.replace(b"\r\n\r\n", f"\r\nAuthorization: Bearer {token}\r\n\r\n".encode()) for token in side.tokens
    ]
    if requests:
        replay(side.node.server.caller.address, requests, connections=CONNECTIONS, seconds=10.0, once=True)


def measure(side: Side, maker: Ground, seconds: float) -> tuple[float, float]:
    """Load a node once; return reservations a second and CPU microseconds of the node for each."""
    requests = list(requests_of(side, maker, seconds))
    _make_known(side)
    pids = side.node.node
    before = cpu_seconds(pids)
    address = side.node.server.caller.address
    done = replay(address, requests, connections=CONNECTIONS, seconds=seconds, once=True)
    if done.bad:
        raise SystemExit(f"{side.name}: {done.bad} of {done.answers} answers were refusals or failures")
    return done.per_second, (cpu_seconds(pids) - before) / done.answers * 1e6


def main() -> None:
    """Start the nodes, load them by turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--tokens", type=int, default=1_000)
    asked = parser.parse_args()
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        key = KEYS["ES256"]()
        issuer = opened.enter_context(issuer_of(key))
        plain = opened.enter_context(ground(folder, Scale(), None))
        issuers = {issuer.short: {"issuer": issuer.issuer, "audience": issuer.audience}}
        proved = opened.enter_context(plain.another(AUTH_MODE="tokens", OIDC_ISSUERS=json.dumps(issuers)))
        generous = {"HOLDS_PER_ADDRESS_MINUTE": "1000000", "REHOLD_SECONDS": "60", "REHOLD_AFTER": "10"}
        limited = opened.enter_context(plain.another(**generous))
        tokens = [token_for(issuer, "ES256", key, number) for number in range(asked.tokens)]
        sides = [
            Side("open", plain),
            Side("tokens", proved, tokens=tokens),
            Side("purchase-limit", plain, seats_per_buyer=8),
            Side("all-limits", limited, seats_per_buyer=8),
        ]
        found: dict[str, list[tuple[float, float]]] = {side.name: [] for side in sides}
        for side in sides:
            measure(side, plain, 1.0)
        for number in range(asked.rounds):
            for side in sides[number % len(sides) :] + sides[: number % len(sides)]:
                found[side.name].append(measure(side, plain, asked.seconds))
        tell(found)


def tell(found: dict[str, list[tuple[float, float]]]) -> None:
    """Print each side ÷ the first."""
    first, *others = found
    rates, costs = zip(*found[first], strict=True)
    sys.stdout.write(f"{first}: {max(rates):,.0f}/s, {min(costs):.0f} µs CPU at best\n")
    for name in others:
        pairs = list(zip(found[name], found[first], strict=True))
        rate = median([mine[0] / theirs[0] for mine, theirs in pairs])
        cost = median([mine[1] / theirs[1] for mine, theirs in pairs])
        best = max(mine[0] for mine in found[name]) / max(rates)
        sys.stdout.write(f"{name} ÷ {first}: rate {rate:.3f}, of the best {best:.3f}; CPU {cost:.3f}\n")


if __name__ == "__main__":
    main()
