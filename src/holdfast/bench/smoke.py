"""The smoke test: notices within half a minute that Holdfast has become slow, on a machine of any speed.

It only compares figures that were measured next to each other. A ratio out of bounds is measured again: other work on
the machine passes, a regression does not.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import typer

from holdfast.bench.clients.driver import drive
from holdfast.bench.experiments.halls import lone_latencies
from holdfast.bench.failure import LoadError
from holdfast.bench.plan import Bench
from holdfast.bench.report.statistics import median
from holdfast.bench.server import Event, Server
from holdfast.bench.stack.floor import static_floor
from holdfast.bench.stack.own_stack import own_stack

_ATTEMPTS = 3
_BATCH = 64
_WAVES = 12
_READ_SECONDS = 0.7
_SLICES = 4
_LONE = 120


@dataclass(frozen=True)
class Ratio:
    """What is compared, and its bounds."""

    name: str
    at_least: float | None
    at_most: float | None
    measure: Callable[[Server], float]

    def holds(self, value: float) -> bool:
        """Whether the value is within bounds."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    @property
    def bound(self) -> str:
        """The bound as text."""
        return f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"


def run_smoke(bench: Bench) -> int:
    """Measure every ratio on an own stack; return the exit code."""
    with own_stack(bench.data_dir) as stack, closing(Server(stack.url, "Holdfast")) as server:
        server.learn()
        _warm_up(server)
        missed = [ratio for ratio in RATIOS if not _attempt(ratio, server)]
    return 1 if missed else 0


def _attempt(ratio: Ratio, server: Server) -> bool:
    values: list[float] = []
    while len(values) < _ATTEMPTS:
        values.append(ratio.measure(server))
        if ratio.holds(values[-1]):
            break
    held = ratio.holds(values[-1])
    tried = f" (before: {', '.join(f'{value:.2f}' for value in values[:-1])})" if len(values) > 1 else ""
    typer.echo(f"{'ok    ' if held else 'FAILED'} {ratio.name}: {values[-1]:.2f}, {ratio.bound}{tried}", err=not held)
    return held


def _warm_up(server: Server) -> None:
    event = server.make_event(500)
    server.reserve(event, ([seat] for seat in event.seat_ids), connections=_BATCH)


def batch_against_singles(server: Server) -> float:
    """Return the time of 64 reservations one after another ÷ that of 64 at once."""
    event = server.make_event(2 * _BATCH * _WAVES)
    seats = iter(event.seat_ids)
    ratios = []
    for _ in range(_WAVES):
        alone = _reserve(server, event, [next(seats) for _ in range(_BATCH)], 1)
        together = _reserve(server, event, [next(seats) for _ in range(_BATCH)], _BATCH)
        ratios.append(alone / together)
    return median(ratios)


def reads_against_bare(server: Server) -> float:
    """Return available counts per second ÷ bare responses of the same stack per second."""
    event = server.make_event(500)
    request = server.get_request(f"/events/{event.id}/seats/available/count")
    ratios = []
    with static_floor({"count": b'{"count":500}'}) as url, closing(Server(url, "static floor")) as floor:
        for _ in range(_SLICES):
            rates = [_read_rate(of, request) for of in (server, floor)]
            ratios.append(rates[0] / rates[1])
    return median(ratios)


def reservations_against_bare(server: Server) -> float:
    """Return reservations per second ÷ bare responses of the same stack per second."""
    event = server.make_event(40_000)
    seats = iter(event.seat_ids)
    ratios = []
    with static_floor({"reserve": b"x" * 400}) as url, closing(Server(url, "static floor")) as floor:
        for _ in range(_SLICES):
            rates = []
            for of in (server, floor):
                wishes = ([seat] for seat in seats) if of is server else ([event.seat_ids[0]] for _ in range(10**9))
                load = of.reserve(event, wishes, connections=_BATCH, seconds=_READ_SECONDS)
                _require(load.statuses[201] == load.answers, f"{of.name}: reservations were refused")
                rates.append(load.per_second)
            ratios.append(rates[0] / rates[1])
    return median(ratios)


def large_against_small(server: Server) -> float:
    """Return the time of one reservation in an event of 100,000 seats ÷ that in one of 1,000."""
    small, large = lone_latencies(server, [server.make_event(1_000), server.make_event(100_000)], _LONE)
    return median(large) / median(small)


def _reserve(server: Server, event: Event, seat_ids: list[str], connections: int) -> float:
    load = server.reserve(event, ([seat] for seat in seat_ids), connections=connections)
    _require(load.statuses[201] == len(seat_ids), "reservations of free seats were refused")
    return load.seconds


def _read_rate(server: Server, request: bytes) -> float:
    endless = (request for _ in range(10**9))
    load = drive(server.caller.address, endless, connections=16, seconds=_READ_SECONDS)
    _require(load.statuses[200] == load.answers, f"{server.name}: reads were refused")
    return load.per_second


def _require(done: bool, otherwise: str) -> None:  # noqa: FBT001 - the condition itself
    if not done:
        raise LoadError(otherwise)


RATIOS = (
    Ratio("64 reservations alone ÷ in one batch, time", 2.5, None, batch_against_singles),
    Ratio("available counts ÷ bare answers, rate", 0.08, None, reads_against_bare),
    Ratio("reservations ÷ bare answers, rate", 0.04, None, reservations_against_bare),
    Ratio("one reservation in 100,000 seats ÷ in 1,000, time", None, 1.6, large_against_small),
)
