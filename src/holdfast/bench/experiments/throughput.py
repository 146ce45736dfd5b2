"""The most durable reservations per second, alternating with what PostgreSQL alone achieves."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.bench.clients.driver import Load
from holdfast.bench.plan import Bench, Target
from holdfast.bench.report.results import Chart, Result
from holdfast.bench.report.statistics import median, percentile
from holdfast.bench.server import check_stored
from holdfast.bench.stack.pgbench import Pgbench, psql
from holdfast.bench.stack.processes import cpu_by_role

_ROUNDS = 2


@dataclass
class Run:
    """One timed run at full load."""

    load: Load
    cpu_seconds: dict[str, float]
    """By role; `load generator` is this process."""

    @property
    def per_second(self) -> float:
        """Acknowledged reservations per second."""
        return self.load.statuses[201] / self.load.seconds


@dataclass(frozen=True)
class _Contender:
    """One of the configurations that take turns."""

    target: Target
    connections: int
    processes: int = 1

    @property
    def name(self) -> str:
        """Its name in the report."""
        which = f"{self.processes} processes, " if self.processes > 1 else ""
        return f"{which}{self.connections} connections"


def beside_pgbench(bench: Bench, target: Target, result: Result) -> None:
    """Measure a server at several numbers of connections, another of more processes, and pgbench, alternating.

    All use the same PostgreSQL. For a server given by URL there is neither pgbench nor another server.
    """
    connections = bench.sizes.connections
    loads = [_Contender(target, count) for count in connections]
    if target.stack is None:
        result.notes.append("pgbench and several processes: only on a stack of the benchmark's own")
        runs, bare = _in_turn(bench, loads, None, result)
    else:
        _check_durable(target.stack.database_url, result)
        processes = bench.sizes.processes
        with bench.several_processes(processes, target.stack) as several:
            loads.append(_Contender(several, connections[-1], processes))
            runs, bare = _in_turn(bench, loads, Pgbench(target.stack.database_url), result)
    for load in loads:
        _add_speed(load.name, runs[load.name], result)
    for load in loads:
        if load.processes == 1:
            _add_cpu(load.name, runs[load.name], result)
    if bare:
        _add_ratios(loads, {name: median(run.per_second for run in of) for name, of in runs.items()}, bare, result)


def reserve(bench: Bench, target: Target, connections: int, what: str, result: Result) -> Run:
    """Reserve single seats of one event as fast as the server responds; check that all are stored."""
    sizes, server = bench.sizes, target.server
    event = server.make_event(int(sizes.hot_seats_per_second * sizes.run_seconds))
    roles = target.roles()
    before, own_before = cpu_by_role(roles), time.process_time()
    begin = time.monotonic()
    with bench.reporter.phase(f"{server.name}: {what}", sizes.run_seconds) as advance:
        load = server.reserve(
            event,
            ([seat] for seat in event.seat_ids),
            connections=connections,
            seconds=sizes.run_seconds,
            on_tick=lambda _: advance(time.monotonic() - begin),
        )
    after = cpu_by_role(roles)
    cpu = {role: after[role] - before[role] for role in before}
    cpu["load generator"] = time.process_time() - own_before
    refused = sum(load.statuses.values()) - load.statuses[201]
    result.check(f"{what}: all are reserved", refused == 0 and load.answers > 0, f"{refused} were not")
    check_stored(server, [event], load.statuses[201], result, what)
    return Run(load, cpu)


def _in_turn(
    bench: Bench, loads: Sequence[_Contender], pgbench: Pgbench | None, result: Result
) -> tuple[dict[str, list[Run]], dict[int, float]]:
    """Run all in turn, several times; return the runs by name, and pgbench's rates by number of clients."""
    sizes = bench.sizes
    bare: dict[int, list[float]] = {}
    runs: dict[str, list[Run]] = {load.name: [] for load in loads}
    for number in range(1, _ROUNDS + 1):
        for clients in sizes.pgbench_clients if pgbench else ():
            assert pgbench is not None
            with bench.reporter.phase(f"pgbench, {clients} clients ({number} of {_ROUNDS})", sizes.run_seconds):
                rate = pgbench.transactions_per_second(clients=clients, seconds=sizes.run_seconds)
            bare.setdefault(clients, []).append(rate)
        for load in loads:
            what = f"reservations, {load.connections} connections ({number} of {_ROUNDS})"
            runs[load.name].append(reserve(bench, load.target, load.connections, what, result))
    return runs, {clients: median(values) for clients, values in bare.items()}


def _add_speed(name: str, runs: list[Run], result: Result) -> None:
    result.add(f"{name}: durable reservations/s", median(run.per_second for run in runs), "1/s", "higher")
    for which, share in (("p50", 0.5), ("p99", 0.99)):
        latency = median(percentile(run.load.latencies_seconds, share) for run in runs)
        result.add(f"{name}: {which}", latency * 1_000, "ms", "lower")


def _add_cpu(name: str, runs: list[Run], result: Result) -> None:
    """Add the CPU time per reservation by role; with few connections batches are smaller and cost more."""
    for role in runs[0].cpu_seconds:
        cost = median(run.cpu_seconds[role] / max(1, run.load.answers) for run in runs)
        goal = 120.0 if role == "server" else None
        result.add(f"{name}: CPU of a reservation, {role}", cost * 1e6, "µs", "lower", goal=goal)


def _add_ratios(loads: Sequence[_Contender], rates: dict[str, float], bare: dict[int, float], result: Result) -> None:
    """Compare the best of one process, and of several, with the best of pgbench."""
    for clients, rate in bare.items():
        result.add(f"pgbench, {clients} clients: transactions/s", rate, "1/s")
    one_process = max(rates[load.name] for load in loads if load.processes == 1)
    best_bare = max(bare.values())
    result.add("reservations/s over HTTP ÷ pgbench", one_process / best_bare, "", "higher", goal=0.8)
    for load in loads:
        if load.processes > 1:
            name = f"{load.processes} processes: reservations/s over HTTP ÷ pgbench"
            result.add(name, rates[load.name] / best_bare, "", "higher")
    result.charts.append(
        Chart(
            "limits",
            "Durable reservations over HTTP, and pgbench's bare transaction",
            "per second",
            [*(f"HTTP, {which}" for which in rates), *(f"pgbench, {n} clients" for n in bare)],
            {"per second": [*rates.values(), *bare.values()]},
        )
    )


def _check_durable(database_url: str, result: Result) -> None:
    """Check that PostgreSQL was durable: turning that off would make any server faster."""
    shown = psql(
        database_url, "SELECT string_agg(setting, ' ') FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"
    )
    result.check("PostgreSQL is durable: fsync and synchronous_commit are on", shown == "on on", shown)
