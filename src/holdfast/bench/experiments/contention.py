"""Contention: many callers who want the same seat."""

from holdfast.bench.clients.driver import Load
from holdfast.bench.failure import LoadError
from holdfast.bench.plan import Bench, Target
from holdfast.bench.report.progress import Advance
from holdfast.bench.report.results import Result
from holdfast.bench.report.statistics import percentile
from holdfast.bench.server import Event, Server, check_stored

_CALLERS = 50
_CALLERS_ON_NODES = 100
_NODES = 3


def run(bench: Bench, target: Target) -> Result:
    """Let 50 callers want one seat, then 100 through nginx on three nodes, then send thousands of calls for one."""
    result = Result()
    _callers(bench, target.server, _CALLERS, result, "one node")
    _storm(bench, target.server, result)
    if target.stack is None:
        result.notes.append("three nodes behind nginx: only on a stack of the benchmark's own")
        return result
    try:
        with bench.scaled(_NODES) as scaled:
            _callers(bench, scaled.server, _CALLERS_ON_NODES, result, f"{_NODES} nodes")
    except LoadError as error:
        result.notes.append(f"three nodes behind nginx: {error}")
    return result


def _callers(bench: Bench, server: Server, callers: int, result: Result, where: str) -> None:
    """Let all callers try for one seat at once; repeat it with other seats."""
    rounds = bench.sizes.contention_rounds
    event = server.make_event(rounds)
    latencies: list[float] = []
    whole: list[float] = []
    won = conflicts = 0
    what = f"{callers} callers on one seat, {where}"
    with bench.reporter.phase(f"{server.name}: {what}", rounds) as advance:
        for number, seat in enumerate(event.seat_ids):
            load = server.reserve(event, [[seat]] * callers, connections=callers)
            latencies += load.latencies_seconds
            whole.append(load.seconds)
            won += load.statuses[201]
            conflicts += server.conflicts(load)
            advance(number)
    result.add(f"{what}: p99", percentile(latencies, 0.99) * 1_000, "ms", "lower")
    result.add(f"{what}: until all are answered, median", percentile(whole, 0.5) * 1_000, "ms", "lower")
    result.check(
        f"{what}: one wins, all others get a conflict",
        (won, conflicts) == (rounds, rounds * (callers - 1)),
        f"{rounds} seats: {won} won, {conflicts} conflicts",
    )
    check_stored(server, [event], won, result, what)


def _storm(bench: Bench, server: Server, result: Result) -> None:
    """Send thousands of calls for one seat, and read from the metrics how many write transactions they cost."""
    calls, connections = bench.sizes.storm_calls, bench.sizes.storm_connections
    what = f"{calls:,} calls by {connections} connections on one seat"
    event = server.make_event(2)
    before = server.write_transactions()
    with bench.reporter.phase(f"{server.name}: {what}", calls) as advance:
        load = _on_one_seat(server, event, calls, connections, advance)
    after = server.write_transactions()
    full = (calls, connections) == (10_000, 500)
    result.add(f"{what}: answers/s", load.per_second, "1/s", "higher", goal=6_000.0 if full else None)
    result.add(f"{what}: p99", percentile(load.latencies_seconds, 0.99) * 1_000, "ms", "lower")
    if before is not None and after is not None:
        result.add(f"{what}: write transactions", after - before, "", "lower", goal=3.0 if full else None)
    result.check(
        f"{what}: one wins, all others get a conflict",
        (load.statuses[201], server.conflicts(load)) == (1, calls - 1),
        ", ".join(f"{count} of {status or 'no answer'}" for status, count in sorted(load.statuses.items())),
    )
    check_stored(server, [event], load.statuses[201], result, what)


def _on_one_seat(server: Server, event: Event, calls: int, connections: int, advance: Advance) -> Load:
    wishes = ([event.seat_ids[0]] for _ in range(calls))
    return server.reserve(event, wishes, connections=connections, on_tick=advance)
