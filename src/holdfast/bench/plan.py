"""How large the experiments are, and what they run against."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.bench.report.progress import Reporter
from holdfast.bench.server import Server
from holdfast.bench.stack.own_stack import Stack, own_stack
from holdfast.bench.stack.processes import Roles


@dataclass(frozen=True)
class Sizes:
    """How much load for how long. The default is the full benchmark; `QUICK` only checks that everything works."""

    mixed_seconds: float = 120.0
    """Of the mixed load with think time, all stages together."""
    users: int = 200
    """Virtual users of the last stage; the earlier stages have a quarter and half of them."""
    saturated_seconds: float = 15.0
    """Of each run without think time."""
    mixed_seats: int = 500
    """Per event of the mixed load."""
    saturated_per_second: int = 10_000
    """Requests per second for which the runs without think time have free seats."""
    run_seconds: float = 10.0
    """Of each timed run of the other experiments."""
    connections: tuple[int, ...] = (64, 256, 512)
    """Of the runs that measure the most reservations per second."""
    processes: int = 2
    """API processes of the node that is compared with one of a single process."""
    pgbench_clients: tuple[int, ...] = (8, 16, 32)
    hot_seats_per_second: int = 15_000
    """Reservations per second for which those runs have free seats."""
    nodes: tuple[int, ...] = (1, 2, 3)
    hall_sizes: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    """Seats of the events in which single reservations are timed."""
    lone_reservations: int = 400
    """Per such event."""
    storm_calls: int = 10_000
    storm_connections: int = 500
    contention_rounds: int = 20
    stadium_seats: int = 100_000
    stadium_reads: int = 1_000
    stadium_buyers: int = 1_000
    listeners: int = 5_000
    changes_per_second: int = 500


QUICK = Sizes(
    mixed_seconds=3.0,
    users=8,
    saturated_seconds=1.0,
    saturated_per_second=4_000,
    run_seconds=1.0,
    connections=(16,),
    pgbench_clients=(4,),
    nodes=(2,),
    hall_sizes=(100, 2_000),
    lone_reservations=20,
    storm_calls=400,
    storm_connections=40,
    contention_rounds=2,
    stadium_seats=4_000,
    stadium_reads=30,
    stadium_buyers=100,
    listeners=60,
    changes_per_second=50,
)


@dataclass
class Target:
    """A server to measure, and what else is known about it."""

    server: Server
    stack: Stack | None = None
    """The benchmark's own stack that the server belongs to."""
    given_roles: Roles = field(default_factory=dict)
    """Processes by role, of a server on this machine that the benchmark did not start."""

    def roles(self) -> Roles:
        """The processes whose CPU time and memory can be read, by role."""
        return self.stack.roles() if self.stack is not None else self.given_roles


@dataclass(frozen=True)
class Bench:
    """What every experiment receives."""

    sizes: Sizes
    reporter: Reporter
    data_dir: Path
    """Folder for the data of the benchmark's own stacks."""

    @contextmanager
    def scaled(self, nodes: int) -> Iterator[Target]:
        """Start a stack with nodes behind nginx.

        Raises:
            LoadError: It does not start, for example without nginx.
        """
        name = f"{nodes} nodes" if nodes > 1 else "1 node"
        with self._started(name, nodes=nodes) as target:
            yield target

    @contextmanager
    def several_processes(self, processes: int, beside: Stack) -> Iterator[Target]:
        """Start another node with several processes, on the PostgreSQL and Redis of a stack.

        Raises:
            LoadError: It does not start.
        """
        environment = {"WORKERS": str(processes), "DATABASE_URL": beside.database_url}
        redis_url = beside.address("Redis")
        if redis_url:
            environment["REDIS_URL"] = redis_url
        with self._started(f"{processes} processes", environment=environment) as target:
            yield target

    @contextmanager
    def _started(
        self, name: str, *, nodes: int | None = None, environment: Mapping[str, str] | None = None
    ) -> Iterator[Target]:
        with (
            own_stack(self.data_dir, nodes=nodes, environment=environment) as stack,
            closing(Server(stack.url, name)) as server,
        ):
            server.learn()
            yield Target(server, stack)
