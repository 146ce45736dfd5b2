"""An API process: an event loop, a gate, and a batcher for each cell."""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

from onsale.installation.batcher import Batcher
from onsale.installation.cell import Cell
from onsale.installation.gate import Gate
from onsale.installation.queues import Bounds
from onsale.installation.request import Request
from onsale.installation.times import Times
from onsale.machinery.clock import Clock
from onsale.machinery.cores import Worker

ANSWERED_SHARE = 0.4
"""How much of a request's CPU comes after its commit: telling its task, the answer, metrics and the log line. Assumed
from the shares of the flame graph in docs/performance.md."""

REQUESTS_PER_TURN = 32
"""As in `http/protocol/admission.py`; a test compares the two."""
CONNECTIONS_MAX = 20_000
"""Requests that a process has open at most; further ones get 503 at once. A test compares it with the settings."""
_TURNED_AWAY_SHARE = 0.2
"""What that costs, compared with reading and answering a request. Assumed."""


class ApiProcess:
    """Handles requests one piece of work at a time."""

    def __init__(
        self,
        clock: Clock,
        loop: Worker,
        redis: Worker,
        cells: Sequence[Cell],
        times: Times,
        *,
        cell_of: Callable[[int], int] = lambda _: 0,
        bounds: Bounds | None = None,
    ) -> None:
        """Set up an idle process.

        Args:
            clock: The time.
            loop: Its event loop.
            redis: Its gate's server.
            cells: All cells.
            times: How long things take.
            cell_of: Returns the number of an event's cell.
            bounds: The limits of its batchers.
        """
        self._clock = clock
        self.loop = loop
        self._cell_of = cell_of
        self._open = 0
        self._line: deque[Request] = deque()
        """Requests that have arrived and not begun."""
        self._turning = False
        self._gate = Gate(redis, times, self._gated)
        self._heard = times.request * (1 - ANSWERED_SHARE)
        self._answered = times.request * ANSWERED_SHARE
        self.batchers = [
            Batcher(clock, loop, cell, times, bounds or Bounds(), stored=self._stored, refused=self._refuse)
            for cell in cells
        ]

    def arrive(self, request: Request) -> None:
        """Take a request that has just arrived."""
        if self._open >= CONNECTIONS_MAX:
            self.loop.run((self._heard + self._answered) * _TURNED_AWAY_SHARE, self._turned_away, request)
            return
        self._open += 1
        self._line.append(request)
        if not self._turning:
            self._turn(None)

    def _turn(self, _: None) -> None:
        """Begin some of the requests in line; what else has come by the end of that goes before the others."""
        begun = min(len(self._line), REQUESTS_PER_TURN)
        self._turning = begun > 0
        for _request in range(begun):
            self.loop.run(self._heard, self._accepted, self._line.popleft())
        if begun:
            self.loop.run(0.0, self._turn)

    def answer_taken(self, request: Request, work: float) -> None:
        """Answer a request whose seats are taken: it costs a share of a read that others share, and no transaction."""
        self.loop.run(work, self._taken, request)

    def _taken(self, request: Request) -> None:
        request.answered(request, "taken", self._clock.now)

    def _accepted(self, request: Request) -> None:
        if request.urgent:
            self._gated(request)
        else:
            self._gate.enter(request)

    def _gated(self, request: Request) -> None:
        self.batchers[self._cell_of(request.event)].submit(request)

    def _stored(self, requests: Sequence[Request]) -> None:
        # The answers go out one after another, which is not worth a call for each: the time of each is worked out.
        self.loop.run(self._answered * len(requests), self._tell, requests)

    def _tell(self, requests: Sequence[Request]) -> None:
        now, each = self._clock.now, self._answered
        self._open -= len(requests)
        for place, request in enumerate(requests, 1):
            request.answered(request, "done", now - (len(requests) - place) * each)

    def _refuse(self, request: Request) -> None:
        self.loop.run(self._answered, self._refused, request)

    def _refused(self, request: Request) -> None:
        self._open -= 1
        request.answered(request, "busy", self._clock.now)

    def _turned_away(self, request: Request) -> None:
        request.answered(request, "busy", self._clock.now)

    @property
    def batches(self) -> Mapping[int, int]:
        """Transactions by the number of their commands, to all cells."""
        total: Counter[int] = Counter()
        for batcher in self.batchers:
            total.update(batcher.batches)
        return total
