"""The loads on a real installation on this machine."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from holdfast.application.identifiers import cell_of
from holdfast.bench.clients.driver import Load, drive
from holdfast.bench.failure import LoadError
from holdfast.bench.report.statistics import percentile
from holdfast.bench.server import Event, Server
from holdfast.bench.stack.own_stack import Stack, own_stack
from holdfast.bench.stack.processes import Roles, cpu_by_role
from onsale.validate.loads import Seen, Trial

SEATS_PER_SECOND = 14_000
"""More than any machine of the kind has sold."""
_EVENTS_TRIED = 3
"""For each that is wanted."""
DATA = Path(".holdfast") / "onsale"


@dataclass(frozen=True)
class Spent:
    """What a load cost for each reservation, in microseconds of CPU, by role."""

    by_role: dict[str, float]
    gate_calls: float
    """Calls to Redis, for each reservation."""


@dataclass(frozen=True)
class Installation:
    """A running installation."""

    server: Server
    roles: Roles
    """Its processes, whose CPU time is counted."""
    stack: Stack


@contextmanager
def installation(*, processes: int = 1, options: Sequence[str] = ()) -> Iterator[Installation]:
    """Start an installation like a user would, durable.

    Args:
        processes: Of its node.
        options: Further ones of `holdfast run`.

    Raises:
        LoadError: It does not start.
    """
    environment = {"APP_ENV": "production", "AUTH_MODE": "open", "PAGES": "false", "WORKERS": str(processes)}
    with (
        own_stack(DATA, environment=environment, options=("--show-urls", *options)) as stack,
        closing(Server(stack.url, "Holdfast")) as server,
    ):
        yield Installation(server, stack.roles(), stack)


def observe(roles: Roles, server: Server, trial: Trial, *, seconds: float) -> tuple[Seen, Spent]:
    """Run a load for some seconds; the CPU time of these processes is counted.

    Raises:
        LoadError: A reservation was refused, or nothing was answered.
    """
    rate = trial.per_second or SEATS_PER_SECOND
    seats = int(rate * seconds / trial.events) + trial.connections
    events = _events(server, trial, seats)
    requests = _in_turn(server, events)
    metrics = (
        "holdfast_batch_commands_sum",
        "holdfast_batch_commands_count",
        "distributed_lock_duration_seconds_count",
    )
    before = [server.metric(name) or 0.0 for name in metrics]
    cpu_before, own_before = cpu_by_role(roles), time.process_time()
    load = drive(
        server.caller.address,
        requests,
        connections=trial.connections,
        seconds=seconds,
        per_second=trial.per_second,
    )
    own, cpu_after = time.process_time() - own_before, cpu_by_role(roles)
    commands, transactions, calls = (
        (server.metric(name) or 0.0) - earlier for name, earlier in zip(metrics, before, strict=True)
    )
    done = _check(load)
    each = {role: (cpu_after[role] - cpu_before[role]) / done * 1e6 for role in cpu_before}
    each["load generator"] = own / done * 1e6
    latencies = load.latencies_seconds
    seen = Seen(load.per_second, percentile(latencies, 0.5), percentile(latencies, 0.99), commands / transactions)
    return seen, Spent(each, calls / done)


def _events(server: Server, trial: Trial, seats: int) -> list[Event]:
    """Make events, evenly in all cells. A new one goes to the cell that sells the fewest seats.

    Raises:
        LoadError: Some cell gets none.
    """
    if trial.cells == 1:
        return [server.make_event(seats) for _ in range(trial.events)]
    wanted = Counter(number % trial.cells for number in range(trial.events))
    events = []
    for _ in range(_EVENTS_TRIED * trial.events):
        event = server.make_event(seats)
        cell = cell_of(UUID(event.id))
        if wanted[cell]:
            wanted[cell] -= 1
            events.append(event)
        if not wanted.total():
            return events
    raise LoadError(f"new events do not go to the cells {sorted(+wanted)}")


def _in_turn(server: Server, events: Sequence[Event]) -> Iterator[bytes]:
    """Yield requests for one seat of each event in turn."""
    each = [server.reserve_requests(event, ([seat] for seat in event.seat_ids)) for event in events]
    for requests in zip(*each, strict=True):
        yield from requests


def _check(load: Load) -> int:
    done = load.statuses[201]
    if done < load.answers or not done:
        raise LoadError(f"not every free seat was sold: {dict(load.statuses)}")
    return done
