"""Limits: the most that the machine achieves, compared with PostgreSQL alone, and what a request costs."""

from holdfast.bench.experiments import halls, throughput
from holdfast.bench.failure import LoadError
from holdfast.bench.plan import Bench, Target
from holdfast.bench.report.results import Chart, Result
from holdfast.bench.report.statistics import median
from holdfast.bench.stack.processes import memory_mib, peak_memory_mib


def run(bench: Bench, target: Target) -> Result:
    """Measure durable reservations against pgbench, single ones in halls of all sizes, and several nodes."""
    result = Result()
    throughput.beside_pgbench(bench, target, result)
    halls.run(bench, target.server, result)
    roles = target.roles()
    for role, pids in roles.items():
        result.add(f"memory after all this: {role}", memory_mib(pids), "MiB", "lower")
    if "server" in roles:
        result.add("memory: most of one server process", peak_memory_mib(roles["server"]), "MiB", "lower")
    _nodes(bench, target, result)
    return result


def _nodes(bench: Bench, target: Target, result: Result) -> None:
    """Sell one hot event from one, two and three nodes behind nginx; in this order, then in reverse."""
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
                    rates[count].append(throughput.reserve(bench, scaled, connections, what, result).per_second)
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
