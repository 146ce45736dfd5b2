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

    Three nodes take turns in changing order, so that whatever else this machine does meets all of them. Two of them are
    alike: the difference between these says how far the figures can be trusted.
    """
    with on.another() as one, on.another(PAGES="false") as without, on.another() as alike:
        nodes = {"with pages": one, "without pages": without, "with pages, again": alike}
        turns = {name: _Turns() for name in nodes}
        for node in nodes.values():
            _load(node, seconds)
        order = list(nodes)
        for _ in range(rounds):
            order.append(order.pop(0))
            for name in order:
                rate, spent = _load(nodes[name], seconds)
                turns[name].rates.append(rate)
                turns[name].cpu_microseconds.append(spent)
    pages, no_pages, again = turns.values()
    note = f"median of {rounds} rounds of {seconds:g} s"
    return [
        Figure(f"API: reservations/s {name}", median(turn.rates), "1/s", None, note) for name, turn in turns.items()
    ] + [
        Figure("API: fewer reservations/s with pages", _above(no_pages.rates, pages.rates), "%", _PERCENT_MAX),
        Figure(
            "API: more CPU per reservation with pages",
            _above(pages.cpu_microseconds, no_pages.cpu_microseconds),
            "%",
            _PERCENT_MAX,
        ),
        Figure("The same between two equal nodes", _above(pages.cpu_microseconds, again.cpu_microseconds), "%"),
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


def _above(some: list[float], others: list[float]) -> float:
    """Return by how many per cent the median of some is above that of others."""
    return 100 * (median(some) / median(others) - 1)
