"""Limits: what the machine gives at most, beside what PostgreSQL itself gives, and what a request costs."""

import time
from dataclasses import dataclass

from holdfast.bench.experiments import halls
from holdfast.bench.pgbench import Pgbench, psql
from holdfast.bench.plan import Bench, Target
from holdfast.bench.processes import cpu_by_role, memory_mib, peak_memory_mib
from holdfast.bench.results import Chart, Result
from holdfast.bench.server import check_stored
from holdfast.bench.statistics import median, percentile
from holdfast.bench.wire import Load, LoadError

_ROUNDS = 2


@dataclass
class _Run:
    """One timed run of as many reservations as the server takes."""

    load: Load
    cpu_seconds: dict[str, float]
    """By role; `load generator` is this process."""

    @property
    def per_second(self) -> float:
        return self.load.statuses[201] / self.load.seconds


def run(bench: Bench, target: Target) -> Result:
    """Ask for durable reservations beside pgbench, for one at a time in halls of all sizes, and of several nodes."""
    result = Result()
    _beside_pgbench(bench, target, result)
    halls.run(bench, target.server, result)
    roles = target.roles()
    for role, pids in roles.items():
        result.add(f"memory after all this: {role}", memory_mib(pids), "MiB", "lower")
    if "server" in roles:
        result.add("memory: most of one server process", peak_memory_mib(roles["server"]), "MiB", "lower")
    _nodes(bench, target, result)
    return result


def _beside_pgbench(bench: Bench, target: Target, result: Result) -> None:
    sizes = bench.sizes
    pgbench = None if target.stack is None else Pgbench(target.stack.database_url)
    if target.stack is None:
        result.notes.append("pgbench: only on a stack of the benchmark's own")
    else:
        _check_durable(target.stack.database_url, result)
    bare: dict[int, list[float]] = {clients: [] for clients in sizes.pgbench_clients}
    runs: dict[int, list[_Run]] = {connections: [] for connections in sizes.connections}
    for number in range(1, _ROUNDS + 1):
        for clients in sizes.pgbench_clients if pgbench else ():
            assert pgbench is not None
            with bench.reporter.phase(f"pgbench, {clients} clients ({number} of {_ROUNDS})", sizes.run_seconds):
                bare[clients].append(pgbench.transactions_per_second(clients=clients, seconds=sizes.run_seconds))
        for connections in sizes.connections:
            what = f"reservations, {connections} connections ({number} of {_ROUNDS})"
            runs[connections].append(_reserve(bench, target, connections, what, result))
    rates = {connections: median(run.per_second for run in of) for connections, of in runs.items()}
    for connections, of in runs.items():
        result.add(f"{connections} connections: durable reservations/s", rates[connections], "1/s", "higher")
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            latency = median(percentile(run.load.latencies_seconds, share) for run in of)
            result.add(f"{connections} connections: {name}", latency * 1_000, "ms", "lower")
    _add_cpu(runs[sizes.connections[-1]], result)
    if pgbench is not None:
        _add_ratio(rates, {clients: median(values) for clients, values in bare.items()}, result)


def _reserve(bench: Bench, target: Target, connections: int, what: str, result: Result) -> _Run:
    """Reserve as fast as the server answers, single seats of one event."""
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
    return _Run(load, cpu)


def _add_cpu(runs: list[_Run], result: Result) -> None:
    for role in runs[0].cpu_seconds:
        cost = median(run.cpu_seconds[role] / max(1, run.load.answers) for run in runs)
        result.add(f"CPU of a reservation: {role}", cost * 1e6, "µs", "lower", goal=120.0 if role == "server" else None)


def _add_ratio(rates: dict[int, float], bare: dict[int, float], result: Result) -> None:
    """The best of ours against the best of pgbench."""
    for clients, rate in bare.items():
        result.add(f"pgbench, {clients} clients: transactions/s", rate, "1/s")
    best, best_bare = max(rates.values()), max(bare.values())
    result.add("reservations/s over HTTP ÷ pgbench", best / best_bare, "", "higher", goal=0.8)
    result.charts.append(
        Chart(
            "limits",
            "Durable reservations over HTTP, and pgbench's bare transaction",
            "per second",
            [*(f"HTTP, {connections} connections" for connections in rates), *(f"pgbench, {n} clients" for n in bare)],
            {"per second": [*rates.values(), *bare.values()]},
        )
    )


def _check_durable(database_url: str, result: Result) -> None:
    """Speed that was bought with durability is no speed."""
    shown = psql(
        database_url, "SELECT string_agg(setting, ' ') FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"
    )
    result.check("PostgreSQL is durable: fsync and synchronous_commit are on", shown == "on on", shown)


def _nodes(bench: Bench, target: Target, result: Result) -> None:
    """One hot event, sold by one, two and three nodes behind nginx; forwards, then backwards."""
    if target.stack is None:
        result.notes.append("several nodes: only on a stack of the benchmark's own")
        return
    nodes = bench.sizes.nodes
    rates: dict[int, list[float]] = {count: [] for count in nodes}
    connections = bench.sizes.connections[-1]
    for order in (nodes, nodes[::-1])[: len(nodes)]:
        for count in order:
            try:
                with bench.scaled(count) as scaled:
                    what = f"reservations of one event, {connections} connections"
                    rates[count].append(_reserve(bench, scaled, connections, what, result).per_second)
            except LoadError as error:
                result.notes.append(f"{_nodes_in_words(count)} behind nginx: {error}")
    known = {count: median(values) for count, values in rates.items() if values}
    for count, rate in known.items():
        result.add(f"{_nodes_in_words(count)} behind nginx: reservations/s", rate, "1/s", "higher")
    if known:
        chart = {"reservations/s": list(known.values())}
        result.charts.append(
            Chart("nodes", "One hot event, nodes behind nginx", "per second", [str(n) for n in known], chart)
        )


def _nodes_in_words(count: int) -> str:
    return f"{count} nodes" if count > 1 else "1 node"
