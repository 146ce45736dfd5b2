"""The loads on a simulated installation that shares its two cores with the load generator."""

import numpy as np

from holdfast.cli.sizing.measured import Measured
from onsale.installation.cell import Cell
from onsale.installation.process import ApiProcess
from onsale.installation.request import Answer, Request
from onsale.installation.times import Times
from onsale.machinery.clock import Clock
from onsale.machinery.cores import Machine, SharedThread
from onsale.validate.loads import Seen, Trial

CORES = 2
WARM_UP_SECONDS = 0.5


def simulate(trial: Trial, measured: Measured, *, seconds: float, seed: int) -> Seen:
    """Run a load for some simulated seconds."""
    return _Run(trial, measured, seed).run(seconds)


class _Run:
    def __init__(self, trial: Trial, measured: Measured, seed: int) -> None:
        self._trial = trial
        self._clock = Clock()
        self._times = Times(measured, seed)
        machine = Machine(self._clock, CORES, both_busy=measured.both_busy)
        redis = SharedThread(self._clock, machine)
        self._cells = [Cell(self._clock, machine, self._times) for _ in range(trial.cells)]
        self._processes = [
            ApiProcess(
                self._clock,
                SharedThread(self._clock, machine),
                redis,
                self._cells,
                self._times,
                cell_of=lambda event: event % trial.cells,
            )
            for _ in range(trial.processes)
        ]
        self._generator = SharedThread(self._clock, machine)
        self._generator_work = measured.request.load_generator / 1e6
        self._sent = 0
        self._end = 0.0
        self._idle = 0
        self._due = 0.0
        self._took: list[float] = []

    def run(self, seconds: float) -> Seen:
        self._end = WARM_UP_SECONDS + seconds
        if self._trial.per_second is None:
            for connection in range(self._trial.connections):
                self._send(connection, 0.0)
        else:
            self._pace(None)
        self._clock.run(self._end)
        transactions = sum(cell.transactions for cell in self._cells)
        p50, p99 = np.quantile(self._took, [0.5, 0.99]) if self._took else (float("nan"), float("nan"))
        commands = sum(cell.commands for cell in self._cells) / max(1, transactions)
        return Seen(len(self._took) / seconds, float(p50), float(p99), commands)

    def _pace(self, _: None) -> None:
        """Send at a rate, however long answers take; latencies count from when a request was due."""
        self._send(self._sent, self._clock.now)
        assert self._trial.per_second is not None
        self._clock.after(1 / self._trial.per_second, self._pace)

    def _send(self, connection: int, due: float) -> None:
        event = self._sent % self._trial.events
        self._sent += 1
        request = Request(event, 1, due, self._answered, client=connection)
        self._generator.run(self._generator_work, self._arrive, request)

    def _arrive(self, request: Request) -> None:
        if self._trial.per_second is None:
            request.sent_at = self._clock.now
        self._processes[request.client % len(self._processes)].arrive(request)

    def _answered(self, request: Request, answer: Answer, at: float) -> None:
        assert answer == "done", "a free seat was refused"
        if at >= WARM_UP_SECONDS and at <= self._end:
            self._took.append(at - request.sent_at)
        if self._trial.per_second is None:
            self._send(request.client, at)
