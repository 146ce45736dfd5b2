"""A crowd on a simulated installation."""

from collections.abc import Iterator

import numpy as np

from holdfast.cli.sizing.measured import Measured
from onsale.crowd import arrivals
from onsale.crowd.outcome import Outcome
from onsale.crowd.sale import LOOK_STEP_SECONDS, Sale
from onsale.crowd.scenario import Scenario, Site
from onsale.installation.cell import Cell
from onsale.installation.process import ApiProcess
from onsale.installation.request import Answer, Request
from onsale.installation.times import Times
from onsale.machinery.clock import Clock
from onsale.machinery.cores import OwnCore, OwnCores

_CHANCES = 1 << 16
_TAKEN_SHARE = 0.6
"""What an answer that seats are taken costs a process, compared with the request of a hold: it ends in a read that all
share, and 10,000 of them were answered at 9,400 a second on two cores (docs/benchmarks/results.md, contention)."""
_WATCH_SECONDS = 1.0


def simulate(scenario: Scenario, measured: Measured) -> Outcome:
    """Run a scenario. Equal scenarios have equal outcomes."""
    return _Simulation(scenario, measured).run()


class _Simulation:
    def __init__(self, scenario: Scenario, measured: Measured) -> None:
        crowd, site = scenario.crowd, scenario.site
        self._scenario = scenario
        self._crowd = crowd
        self._site = site
        self._clock = Clock()
        self._outcome = Outcome()
        self._sale = Sale(crowd.events, crowd.seats_of_event)
        self._random = np.random.default_rng(scenario.seed)
        times = Times(measured, scenario.seed, flush_seconds=site.flush_seconds)
        self._taken_work = times.request * _TAKEN_SHARE
        self._cells = [
            Cell(self._clock, OwnCores(self._clock, site.postgres_cores), times, standby_seconds=site.standby_seconds)
            for _ in range(site.cells)
        ]
        self._processes = _processes(self._clock, site, self._cells, times)
        self._chances: Iterator[float] = iter(())
        self._came_at: list[float] = []
        self._events: list[int] = []
        self._tries: dict[int, int] = {}
        """Of the buyers who have had to try again."""
        self._under_way = 0
        """Buyers who have come and not left, and holds that are still to be confirmed."""
        self._busy_before = (0.0, 0.0, 0.0)

    def run(self) -> Outcome:
        self._invite()
        self._clock.after(0.0, self._come, 0)
        self._clock.after(LOOK_STEP_SECONDS, self._look)
        self._clock.after(_WATCH_SECONDS, self._watch)
        self._clock.run(self._scenario.until_seconds or float("inf"))
        outcome = self._outcome
        outcome.transactions = sum(cell.transactions for cell in self._cells)
        outcome.commands = sum(cell.commands for cell in self._cells)
        outcome.flushes = sum(cell.log.flushes for cell in self._cells)
        outcome.simulated_seconds = self._clock.now
        return outcome

    def _invite(self) -> None:
        """Draw when everybody comes, and for which event."""
        crowd = self._crowd
        if crowd.arrivals == "pareto":
            at = arrivals.pareto(crowd.buyers, crowd.seconds, shape=1.2, peak=crowd.peak, random=self._random)
        else:
            at = arrivals.decaying(crowd.buyers, crowd.seconds, peak=crowd.peak, random=self._random)
        shares = arrivals.zipf_shares(crowd.events, crowd.zipf)
        self._came_at = at.tolist()
        self._events = self._random.choice(crowd.events, size=crowd.buyers, p=shares).tolist()

    def _chance(self) -> float:
        """Return a number from 0 up to 1."""
        for number in self._chances:
            return number
        self._chances = iter(self._random.random(_CHANCES).tolist())
        return next(self._chances)

    def _come(self, buyer: int) -> None:
        """Have a buyer come, and then the next one."""
        if buyer:
            self._outcome.buyers["came"] += 1
            self._under_way += 1
            self._ask(buyer - 1)
        if buyer < len(self._came_at):
            self._clock.at(self._came_at[buyer], self._come, buyer + 1)

    def _ask(self, buyer: int) -> None:
        """Have a buyer ask for seats that were free when they looked at the map."""
        event, seats = self._events[buyer], self._crowd.seats_each
        self._outcome.requests["sent"] += 1
        process = self._processes[self._process_of(event)]
        request = Request(event, seats, self._clock.now, self._answered, client=buyer)
        free = self._sale.still_free(event, seats, self._crowd.look_seconds)
        if self._chance() < free:
            process.arrive(request)
        else:
            process.answer_taken(request, self._taken_work)

    def _process_of(self, event: int) -> int:
        processes = len(self._processes)
        if self._site.routing == "home":
            return (event * self._site.homes + int(self._chance() * self._site.homes)) % processes
        return int(self._chance() * processes)

    def _answered(self, request: Request, answer: Answer, at: float) -> None:
        buyer = request.client
        if answer == "done" and not self._sale.take(request.event, request.seats):
            answer = "taken"  # the last seats went to others in the same batch, or just before it
        if answer == "done":
            self._held(request, at)
        elif answer == "taken":
            self._outcome.requests["taken"] += 1
            if self._sale.free[request.event] < request.seats:
                self._leave(buyer, "sold_out")
            else:
                self._try_again(buyer, self._crowd.tries_max, self._crowd.look_seconds, "gave_up")
        else:
            self._outcome.requests["busy"] += 1
            retries = self._crowd.retries
            wait = retries.wait_seconds * retries.growth ** self._tries.get(buyer, 0)
            self._try_again(buyer, retries.tries_max, wait * (0.5 + self._chance()), "turned_away")

    def _held(self, request: Request, at: float) -> None:
        outcome = self._outcome
        outcome.requests["held"] += 1
        outcome.held_at.append(at)
        outcome.took.append(at - request.sent_at)
        if request.event == 0:
            outcome.hot_took.append(at - request.sent_at)
        self._leave(request.client, "served")
        if self._chance() < self._crowd.buys_share:
            self._under_way += 1
            pays = -np.log1p(-self._chance()) * self._crowd.pays_seconds
            self._clock.at(max(at, self._clock.now) + pays, self._pay, request)

    def _pay(self, held: Request) -> None:
        """Confirm a hold; that is a request of its own, ahead of all new holds."""
        self._outcome.requests["sent"] += 1
        request = Request(held.event, 1, self._clock.now, self._paid, client=held.client, urgent=True)
        self._processes[self._process_of(held.event)].arrive(request)

    def _paid(self, request: Request, answer: Answer, at: float) -> None:
        if answer == "done":
            self._outcome.requests["confirmed"] += 1
            self._under_way -= 1
        else:
            self._outcome.requests["busy"] += 1
            self._clock.at(max(at, self._clock.now) + 0.5 + self._chance(), self._pay, request)

    def _try_again(self, buyer: int, tries_max: int, seconds: float, otherwise: str) -> None:
        tries = self._tries[buyer] = self._tries.get(buyer, 0) + 1
        if tries >= tries_max:
            self._leave(buyer, otherwise)
        else:
            self._clock.after(seconds, self._ask, buyer)

    def _leave(self, buyer: int, how: str) -> None:
        self._outcome.buyers[how] += 1
        self._under_way -= 1
        self._tries.pop(buyer, None)

    def _look(self, _: None) -> None:
        self._sale.look()
        if self._is_open():
            self._clock.after(LOOK_STEP_SECONDS, self._look)

    def _watch(self, _: None) -> None:
        """Note how busy everything was in the last second."""
        hot = self._cells[0].locks[0]
        now = (
            sum(process.loop.busy for process in self._processes) / len(self._processes),
            max(cell.cpu for cell in self._cells) / self._site.postgres_cores,
            hot.held_seconds,
        )
        process, cell, lock = (after - before for after, before in zip(now, self._busy_before, strict=True))
        self._busy_before = now
        outcome = self._outcome
        outcome.process_busy = max(outcome.process_busy, process)
        outcome.cell_busy = max(outcome.cell_busy, cell)
        outcome.hot_lock_busy = max(outcome.hot_lock_busy, lock)
        if self._is_open():
            self._clock.after(_WATCH_SECONDS, self._watch)

    def _is_open(self) -> bool:
        return self._under_way > 0 or self._outcome.buyers["came"] < self._crowd.buyers


def _processes(clock: Clock, site: Site, cells: list[Cell], times: Times) -> list[ApiProcess]:
    redis = OwnCore(clock)

    def cell_of(event: int) -> int:
        return event % site.cells

    return [
        ApiProcess(
            clock,
            OwnCore(clock, share=site.share_for_holds),
            redis,
            cells,
            times,
            cell_of=cell_of,
            bounds=site.bounds,
        )
        for _ in range(site.processes)
    ]
