"""Processors, and the threads that work on them."""

from collections import deque
from heapq import heappop, heappush, heapreplace
from typing import Any, Protocol

from onsale.machinery.clock import Call, Clock


class Worker(Protocol):
    """Does pieces of work: a thread one after the other, in the order in which they come, several cores at once."""

    busy: float
    """Seconds of CPU so far."""

    def run(self, work: float, done: Call, argument: Any = None, *, later: float = 0.0) -> None:  # noqa: ANN401
        """Do a piece of work of so many seconds of CPU, and call so many seconds after its end."""
        ...


class OwnCore:
    """A thread with a core to itself."""

    def __init__(self, clock: Clock, *, share: float = 1.0) -> None:
        """Set the share of the core that is left for this work; the rest does something that is not simulated."""
        self._clock = clock
        self._share = share
        self._free_at = 0.0
        self.busy = 0.0

    def run(self, work: float, done: Call, argument: Any = None, *, later: float = 0.0) -> None:  # noqa: ANN401
        """Do a piece of work."""
        self.busy += work
        start = max(self._free_at, self._clock.now)
        self._free_at = start + work / self._share
        self._clock.at(self._free_at + later, done, argument)


class OwnCores:
    """Several cores for nothing but what is given to them. What finds none free waits for the first that is."""

    def __init__(self, clock: Clock, cores: int) -> None:
        self._clock = clock
        self._free_at = [0.0] * cores
        self.busy = 0.0

    def run(self, work: float, done: Call, argument: Any = None, *, later: float = 0.0) -> None:  # noqa: ANN401
        """Do a piece of work."""
        self.busy += work
        end = max(self._free_at[0], self._clock.now) + work
        heapreplace(self._free_at, end)
        self._clock.at(end + later, done, argument)


class Machine:
    """Some cores, shared evenly by everything that works at the moment, as operating systems do it."""

    def __init__(self, clock: Clock, cores: int, *, both_busy: float = 1.0) -> None:
        """Set up idle cores.

        Args:
            clock: The time.
            cores: How many.
            both_busy: How fast a core works while another one is busy, compared with alone. Two processors of a
                virtual machine are often two threads of one core.
        """
        self._clock = clock
        self._cores = cores
        self._both_busy = both_busy
        self._jobs: list[tuple[float, int, float, Call, Any, float]] = []
        """By the work that each job will have had when it ends, counted as all have had it since the beginning."""
        self._number = 0
        self._worked = 0.0
        self._since = 0.0
        self._turn = 0
        self.busy = 0.0

    def run(self, work: float, done: Call, argument: Any = None, *, later: float = 0.0) -> None:  # noqa: ANN401
        """Begin a piece of work beside the others."""
        self._advance()
        self._number += 1
        heappush(self._jobs, (self._worked + work, self._number, work, done, argument, later))
        self._plan()

    @property
    def _rate(self) -> float:
        jobs = len(self._jobs)
        if jobs <= 1:
            return 1.0
        return self._both_busy * min(1.0, self._cores / jobs) if self._cores > 1 else 1.0 / jobs

    def _advance(self) -> None:
        if self._jobs:
            self._worked += (self._clock.now - self._since) * self._rate
        self._since = self._clock.now

    def _plan(self) -> None:
        """Have the next end looked at; what was planned before is void."""
        self._turn += 1
        if self._jobs:
            left = max(0.0, self._jobs[0][0] - self._worked)
            self._clock.at(self._clock.now + left / self._rate, self._end, self._turn)

    def _end(self, turn: int) -> None:
        if turn != self._turn:
            return
        self._advance()
        _, _, work, done, argument, later = heappop(self._jobs)
        self.busy += work
        self._plan()
        if later:
            self._clock.after(later, done, argument)
        else:
            done(argument)


class SharedThread:
    """A thread on a machine that others use as well."""

    def __init__(self, clock: Clock, machine: Machine) -> None:
        self._clock = clock
        self._machine = machine
        self._waiting: deque[tuple[float, Call, Any, float]] = deque()
        self._working = False
        self.busy = 0.0

    def run(self, work: float, done: Call, argument: Any = None, *, later: float = 0.0) -> None:  # noqa: ANN401
        """Do a piece of work, after those that came before."""
        self._waiting.append((work, done, argument, later))
        if not self._working:
            self._next()

    def _next(self) -> None:
        self._working = bool(self._waiting)
        if self._working:
            self._machine.run(self._waiting[0][0], self._done)

    def _done(self, _: None) -> None:
        work, done, argument, later = self._waiting.popleft()
        self.busy += work
        self._next()
        if later:
            self._clock.after(later, done, argument)
        else:
            done(argument)
