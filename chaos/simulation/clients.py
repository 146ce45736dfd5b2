"""Random clients of a simulated seat service, with a simulated clock: legal histories of any size and overlap."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from random import Random

from msgspec.structs import replace

from chaos.histories.database_rows import DatabaseRows
from chaos.histories.history import FOREVER, Kind, Operation, in_order_of_return
from chaos.histories.operation import ANY_SEAT
from chaos.simulation.archiving_service import ArchivingService
from chaos.simulation.service import EVENT, SimulatedService

RESTLESS: tuple[Kind, ...] = (
    *("reserve",) * 10,
    "choose",
    "confirm",
    *("cancel",) * 4,
    *("read_seat",) * 8,
    "read_reservation",
    "read_list",
    "read_free_list",
    "read_count",
)
"""Buyers who cancel most of their holds: a fifth of their operations change something."""
ON_SALE: tuple[Kind, ...] = (
    *("reserve",) * 12,
    *("confirm",) * 2,
    "cancel",
    *("read_seat",) * 8,
    "read_reservation",
)
"""Buyers who keep what they get, of an event that soon sells out: most are refused."""
CHANGING: tuple[Kind, ...] = (
    *RESTLESS,
    *("extend",) * 4,
    *("change_seats",) * 8,
    "release",
)
"""Buyers who also extend their holds and change their seats, and a seller who releases some."""
_OPERATOR: tuple[Kind, ...] = ("archive", "restore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Parameters of a run. Times are in ns of the simulation's clock, which also serves as PostgreSQL's."""

    seed: int
    operations: int
    clients: int = 8
    seats: int = 20
    hold_ns: int = 400_000
    step_ns_max: int = 10_000
    """Longest time from a call to its decision, and from the decision to its return."""
    seats_wanted_max: int = 3
    limit: int = 0
    """How many seats one buyer may have; 0 for no limit."""
    opens_at_us: int = 0
    """When the sale opens; 0 for at once."""
    closes_at_us: int = FOREVER
    """When it closes."""
    seller_confirms: bool = False
    """Only the seller's confirmations make sales."""
    sold_by_seller: float = 0.0
    """Share of the confirmations that are the seller's."""
    places: int = 0
    """How many of the seats, the last ones, are places of an area."""
    companions: int = 0
    """How many of the seats, each after its accessible seat, are companion seats: the second, the fourth and so on."""
    channel: str = ""
    """A channel that keeps back a third of the seats, and whose code every second client names; empty for none."""
    opens_to_all_us: int = FOREVER
    """When the channel opens to all."""
    lost_answers: float = 0.02
    """Share of the answers that never arrive."""
    kinds: tuple[Kind, ...] = RESTLESS
    """The operations of the clients, all equally likely."""
    lists: bool = True
    """Clients also read lists and counts."""
    archives: bool = False
    """The first client is an operator, who archives the event when its sale is over, and restores it."""


@dataclass(slots=True)
class SimulatedRun:
    """An unsettled history, and the rows of its service at the end."""

    operations: list[Operation]
    rows: DatabaseRows


@dataclass(slots=True)
class _Clients:
    """The clients: each makes one call at a time, mostly for seats that others want too."""

    scenario: Scenario
    service: SimulatedService
    random: Random
    known: list[tuple[str, str]] = field(default_factory=list)
    """Reservations seen in answers, with their users."""
    wishes: list[Operation] = field(default_factory=list)
    """Calls that may be retried with the same key."""
    keys: int = 0
    _kinds: tuple[Kind, ...] = field(init=False)

    def __post_init__(self) -> None:
        lists = ("read_list", "read_free_list", "read_count")
        self._kinds = tuple(kind for kind in self.scenario.kinds if self.scenario.lists or kind not in lists)

    def next_call(self, client: int, now_ns: int) -> Operation:
        """Choose the client's next call."""
        random = self.random
        kind = random.choice(_OPERATOR if self.scenario.archives and client == 0 else self._kinds)
        user = f"user {client}" + (f"~{self.scenario.channel}" if self.scenario.channel and client % 2 else "")
        call = Operation(process=client, kind=kind, event=EVENT, called_ns=now_ns, user=user)
        if kind in ("reserve", "choose"):
            if self.wishes and random.random() < 0.15:
                again = random.choice(self.wishes[-20:])
                return replace(call, kind=again.kind, user=again.user, key=again.key, seats=again.seats)
            self.keys += 1
            seats = self._some_seats()
            call = replace(call, key=f"k{self.keys}", seats=(ANY_SEAT,) * len(seats) if kind == "choose" else seats)
            self.wishes.append(call)
            return call
        if kind == "confirm" and random.random() < self.scenario.sold_by_seller:
            kind = "sell"
            call = replace(call, kind=kind)
        if kind in ("confirm", "sell", "cancel", "extend", "change_seats", "release", "read_reservation"):
            if not self.known:
                return replace(call, kind="read_seat", seats=(random.choice(self.service.seats),))
            reservation, owner = random.choice(self.known[-12:])
            seats = self._some_seats() if kind == "change_seats" else ()
            return replace(call, reservation=reservation, user=owner, seats=seats)
        if kind == "read_seat":
            return replace(call, seats=(random.choice(self.service.seats),))
        return call

    def _some_seats(self) -> tuple[str, ...]:
        wanted = self.random.randint(1, min(self.scenario.seats_wanted_max, len(self.service.seats)))
        return tuple(self.random.sample(self.service.seats, wanted))

    def learn(self, answered: Operation) -> None:
        """Remember what an answer said."""
        if answered.answer == "created":
            self.known.append((answered.reservation, answered.user))


def simulate(scenario: Scenario) -> SimulatedRun:
    """Run clients against the service; the same scenario gives the same run."""
    return _Simulation(scenario).run()


class _Simulation:
    """The schedule: calls, decisions and returns, by time."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._random = Random(scenario.seed)  # noqa: S311 - a simulation
        seats = tuple(f"s{number}" for number in range(scenario.seats))
        service = ArchivingService if scenario.archives else SimulatedService
        self._service = service(
            scenario.hold_ns,
            seats,
            scenario.limit,
            scenario.opens_at_us,
            scenario.closes_at_us,
            scenario.seller_confirms,
            scenario.channel,
            scenario.opens_to_all_us,
            areas=frozenset(seats[len(seats) - min(scenario.places, len(seats)) :]),
            companions=dict(islice(zip(seats[1::2], seats[::2], strict=False), scenario.companions)),
        )
        self._clients = _Clients(scenario, self._service, self._random)
        self._history: list[Operation] = []
        self._agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self._planned = 0

    def run(self) -> SimulatedRun:
        """Let the clients act until there are enough calls."""
        for client in range(self._scenario.clients):
            self._plan(0, partial(self._call, client))
        while self._agenda:
            now_ns, _, act = heapq.heappop(self._agenda)
            act(now_ns)
        return SimulatedRun(in_order_of_return(self._history), self._service.rows())

    def _plan(self, now_ns: int, act: Callable[[int], None], *, steps_max: int = 1) -> None:
        self._planned += 1
        at_ns = now_ns + self._random.randint(1, self._scenario.step_ns_max * steps_max)
        heapq.heappush(self._agenda, (at_ns, self._planned, act))

    def _call(self, client: int, now_ns: int) -> None:
        if len(self._history) >= self._scenario.operations:
            return
        operation = self._clients.next_call(client, now_ns)
        if self._random.random() >= self._scenario.lost_answers:
            self._plan(now_ns, partial(self._decide, operation))
            return
        # The client never learns the outcome: the call is lost, or takes effect much later.
        self._history.append(operation)
        if self._random.random() < 0.5:
            self._plan(now_ns, partial(self._decide_unheard, operation), steps_max=20)
        self._plan(now_ns, partial(self._call, client))

    def _decide_unheard(self, operation: Operation, now_ns: int) -> None:
        self._service.decide(operation, now_ns)

    def _decide(self, operation: Operation, now_ns: int) -> None:
        self._plan(now_ns, partial(self._return, self._service.decide(operation, now_ns)))

    def _return(self, answered: Operation, now_ns: int) -> None:
        self._history.append(replace(answered, returned_ns=now_ns))
        self._clients.learn(answered)
        self._plan(now_ns, partial(self._call, answered.process))
