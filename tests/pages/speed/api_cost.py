"""What the pages cost the API: the same load on a node with pages and on one without, in turns, on one PostgreSQL."""

from dataclasses import dataclass, field

from holdfast.bench.load.replay import replay
from holdfast.bench.proportion.ground import Ground
from holdfast.bench.report.statistics import median
from holdfast.bench.stack.processes import cpu_seconds
from pages.speed.figures import Figure

_CONNECTIONS = 64
_PER_SECOND_MAX = 8_000
"""Reservations per second for which there are free seats."""
_PERCENT_MAX = 3.0


@dataclass
class _Turns:
    rates: list[float] = field(default_factory=list)
    cpu_microseconds: list[float] = field(default_factory=list)
    """Of the API process, per reservation."""


def measure(on: Ground, *, rounds: int, seconds: float) -> list[Figure]:
    """Compare reservations on a node that serves pages with those on one that does not (`PAGES=false`).

    The nodes take turns, in reverse order every other round, so that whatever else this machine does meets both. CPU
    time per reservation is the figure to trust on a shared machine.
    """
    with on.another(PAGES="false") as without:
        turns = {"with": _Turns(), "without": _Turns()}
        nodes = {"with": on, "without": without}
        for node in nodes.values():
            _load(node, seconds / 2)
        for number in range(rounds):
            for name in sorted(nodes, reverse=number % 2 == 0):
                rate, spent = _load(nodes[name], seconds)
                turns[name].rates.append(rate)
                turns[name].cpu_microseconds.append(spent)
    slower = _percent(turns["without"].rates, turns["with"].rates)
    dearer = _percent(turns["with"].cpu_microseconds, turns["without"].cpu_microseconds)
    shared = f"median of {rounds} pairs of {seconds:g} s"
    return [
        Figure("API: reservations/s, node with pages", median(turns["with"].rates), "1/s"),
        Figure("API: reservations/s, node without pages", median(turns["without"].rates), "1/s"),
        Figure("API: fewer reservations/s with pages", slower, "%", _PERCENT_MAX, shared),
        Figure("API: more CPU per reservation with pages", dearer, "%", _PERCENT_MAX, shared),
    ]


def _load(on: Ground, seconds: float) -> tuple[float, float]:
    event = on.server.make_event(max(200, int(_PER_SECOND_MAX * seconds)))
    wanted = list(on.server.reserve_requests(event, ([seat] for seat in event.seat_ids)))
    pids = on.node
    before = cpu_seconds(pids)
    load = replay(on.server.caller.address, wanted, connections=_CONNECTIONS, seconds=seconds, once=True)
    spent = cpu_seconds(pids) - before
    assert load.bad * 100 <= load.answers, f"{load.bad} of {load.answers} reservations failed"
    return load.per_second, spent / load.answers * 1e6


def _percent(large: list[float], small: list[float]) -> float:
    """Return by how many per cent the first are above the second, pair by pair."""
    return median([100 * (a / b - 1) for a, b in zip(large, small, strict=True)])
