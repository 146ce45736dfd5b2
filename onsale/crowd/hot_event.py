"""One event alone, at the most that it can do."""

from dataclasses import dataclass, field

import numpy as np

from holdfast.cli.sizing.measured import Measured
from onsale.crowd.arrivals import poisson
from onsale.installation.cell import Cell
from onsale.installation.process import ApiProcess
from onsale.installation.queues import Bounds
from onsale.installation.request import Answer, Request
from onsale.installation.times import Times
from onsale.machinery.clock import Clock
from onsale.machinery.cores import OwnCore, OwnCores

WARM_UP_SECONDS = 0.5


@dataclass(frozen=True)
class HotEvent:
    """One event, and processes with a core each that all sell it."""

    processes: int = 4
    postgres_cores: int = 8
    flush_seconds: float | None = None
    standby_seconds: float = 0.0
    bounds: Bounds = field(default_factory=Bounds)
    seats_each: int = 1
    callers: int = 512
    """For each process; each asks again as soon as it has its answer."""
    per_second: float | None = None
    """Instead of callers: people who come at this rate, as in a Poisson process."""


@dataclass(frozen=True)
class Sold:
    """What it sold."""

    per_second: float
    p50: float
    p99: float
    commands: float
    """For each transaction."""
    lock_busy: float
    """Share of the time in which it was locked."""
    busy_answers: int
    """503."""


def sell(event: HotEvent, measured: Measured, *, seconds: float = 1.0, seed: int = 1, varied: bool = True) -> Sold:
    """Sell for some simulated seconds."""
    return _Sale(event, measured, seed, varied=varied).run(seconds)


class _Sale:
    def __init__(self, event: HotEvent, measured: Measured, seed: int, *, varied: bool) -> None:
        self._event = event
        self._seed = seed
        self._clock = Clock()
        times = Times(measured, seed, flush_seconds=event.flush_seconds, varied=varied)
        cores = OwnCores(self._clock, event.postgres_cores)
        self._cell = Cell(self._clock, cores, times, standby_seconds=event.standby_seconds)
        redis = OwnCore(self._clock)
        self._processes = [
            ApiProcess(self._clock, OwnCore(self._clock), redis, [self._cell], times, bounds=event.bounds)
            for _ in range(event.processes)
        ]
        self._end = 0.0
        self._took: list[float] = []
        self._refused = 0

    def run(self, seconds: float) -> Sold:
        self._end = WARM_UP_SECONDS + seconds
        if self._event.per_second is None:
            for caller in range(self._event.callers * self._event.processes):
                self._send(caller)
        else:
            random = np.random.default_rng((self._seed, 99))
            for number, at in enumerate(poisson(self._event.per_second, self._end, random).tolist()):
                self._clock.at(at, self._send, number)
        self._clock.run(WARM_UP_SECONDS)
        before = self._state()
        self._clock.run(self._end)
        transactions, commands, held = (now - then for now, then in zip(self._state(), before, strict=True))
        p50, p99 = np.quantile(self._took, [0.5, 0.99]) if self._took else (float("nan"),) * 2
        each = commands / transactions if transactions else 0.0
        return Sold(len(self._took) / seconds, float(p50), float(p99), each, held / seconds, self._refused)

    def _state(self) -> tuple[int, int, float]:
        return self._cell.transactions, self._cell.commands, self._cell.locks[0].held_seconds

    def _send(self, caller: int) -> None:
        request = Request(0, self._event.seats_each, self._clock.now, self._answered, client=caller)
        self._processes[caller % len(self._processes)].arrive(request)

    def _answered(self, request: Request, answer: Answer, at: float) -> None:
        if WARM_UP_SECONDS < at <= self._end:
            if answer == "done":
                self._took.append(at - request.sent_at)
            else:
                self._refused += 1
        if self._event.per_second is None:
            self._clock.at(max(at, self._clock.now), self._send, request.client)
