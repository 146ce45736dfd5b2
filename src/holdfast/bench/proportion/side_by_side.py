"""Two configurations, alternating on one PostgreSQL: what the defaults cost, and what a second process gains."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from holdfast.bench.failure import LoadError
from holdfast.bench.load.replay import Replay, has_wrk, replay
from holdfast.bench.proportion.ground import EVENT_SEATS, Figure, Ground
from holdfast.bench.proportion.many import mixed_requests
from holdfast.bench.report.statistics import median
from holdfast.bench.stack.pgbench import Pgbench
from holdfast.bench.stack.processes import cpu_seconds

_ROUNDS = 2
_CONNECTIONS = 256
_PER_SECOND_MAX = 12_000
"""Reservations per second for which there are free seats."""
_PGBENCH_CLIENTS = 16
_SPREAD_EVENTS = 100
_BAD_SHARE_MAX = 0.01

Requests = Callable[[Ground, float], Sequence[bytes]]
"""Makes the requests for a node for this many seconds, on new events."""


@dataclass
class _Turns:
    """The figures of one configuration so far."""

    rates: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    """Per response."""


def default_beside_production(on: Ground) -> list[Figure]:
    """Compare the throughput of a default node, one with APP_ENV=production, and PostgreSQL's bare transaction."""
    pgbench = Pgbench(on.stack.database_url)
    bare: list[float] = []
    with on.another(APP_ENV="production", AUTH_MODE="open") as production:
        turns = _by_turns(
            {"default": on, "production": production},
            _hot,
            connections=_CONNECTIONS,
            between=lambda: bare.append(
                pgbench.transactions_per_second(clients=_PGBENCH_CLIENTS, seconds=on.scale.read_seconds)
            ),
        )
    default, other = turns["default"], turns["production"]
    note = "wrk" if has_wrk() else "without wrk, which is not installed: the load generator takes most of a processor"
    return [
        Figure(f"reservations/s, default, {_CONNECTIONS} connections", median(default.rates), "1/s", "higher", note),
        Figure("reservations/s, APP_ENV=production", median(other.rates), "1/s", "higher"),
        Figure("pgbench's bare transaction", median(bare), "1/s", "higher"),
        Figure("default ÷ production", median(default.rates) / median(other.rates), "", "higher"),
        Figure("default ÷ pgbench", median(default.rates) / median(bare), "", "higher"),
        Figure("CPU of a reservation, default", median(default.cpu_seconds) * 1e6, "µs", "lower"),
        Figure("CPU of a reservation, production", median(other.cpu_seconds) * 1e6, "µs", "lower"),
    ]


def two_processes_mixed(on: Ground) -> list[Figure]:
    """Compare the mixed load on a node of two processes with one of a single process."""
    return _two_processes(on, "mixed load", _mixed)


def two_processes_spread(on: Ground) -> list[Figure]:
    """Compare reservations over many events of 500 seats on a node of two processes with one of a single process."""
    return _two_processes(on, f"reservations over {_SPREAD_EVENTS} events", _spread)


def _two_processes(on: Ground, what: str, requests: Requests) -> list[Figure]:
    with on.another(WORKERS="2") as two:
        turns = _by_turns({"one": on, "two": two}, requests, connections=64)
    one, both = turns["one"], turns["two"]
    return [
        Figure(f"{what}: one process", median(one.rates), "1/s", "higher"),
        Figure(f"{what}: two processes ÷ one", median(both.rates) / median(one.rates), "", "higher"),
        Figure(
            f"{what}: CPU a request, two processes ÷ one",
            median(both.cpu_seconds) / median(one.cpu_seconds),
            "",
            "lower",
        ),
    ]


def _by_turns(
    nodes: dict[str, Ground], requests: Requests, *, connections: int, between: Callable[[], None] | None = None
) -> dict[str, _Turns]:
    """Load the nodes alternately, A B A B, each time with new requests."""
    turns = {name: _Turns() for name in nodes}
    for _ in range(_ROUNDS):
        for name, node in nodes.items():
            seconds = node.scale.load_seconds
            _warm_up(node)
            wanted = requests(node, seconds)
            pids = node.node
            before = cpu_seconds(pids)
            load = replay(node.server.caller.address, wanted, connections=connections, seconds=seconds, once=True)
            spent = cpu_seconds(pids) - before
            _require_good(load)
            turns[name].rates.append(load.per_second)
            turns[name].cpu_seconds.append(spent / load.answers)
        if between is not None:
            between()
    return turns


def _require_good(load: Replay) -> None:
    if load.answers == 0 or load.bad > _BAD_SHARE_MAX * load.answers:
        raise LoadError(f"{load.bad} of {load.answers} answers were refusals or failures")


def _warm_up(node: Ground) -> None:
    replay(node.server.caller.address, _hot(node, 0.05), connections=16, seconds=1.0, once=True)


def _hot(on: Ground, seconds: float) -> Sequence[bytes]:
    event = on.server.make_event(max(200, int(_PER_SECOND_MAX * seconds)))
    return list(on.server.reserve_requests(event, ([seat] for seat in event.seat_ids)))


def _spread(on: Ground, seconds: float) -> Sequence[bytes]:
    events = [on.server.make_event(EVENT_SEATS) for _ in range(_SPREAD_EVENTS)]
    wishes = (
        request
        for place in range(EVENT_SEATS)
        for event in events
        for request in on.server.reserve_requests(event, [[event.seat_ids[place]]])
    )
    return list(itertools.islice(wishes, int(_PER_SECOND_MAX * seconds)))


def _mixed(on: Ground, seconds: float) -> Sequence[bytes]:
    events = [on.server.make_event(EVENT_SEATS) for _ in range(40)]
    return list(itertools.islice(mixed_requests(on, events), int(_PER_SECOND_MAX * seconds)))
