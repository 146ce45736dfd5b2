"""Thousands of listeners to an event while its seats are sold."""

import re
import time
from bisect import bisect_left
from collections import Counter

from holdfast.bench.clients.driver import Load
from holdfast.bench.failure import LoadError
from holdfast.bench.load.listening import Heard, audience
from holdfast.bench.plan import Bench, Target
from holdfast.bench.report.results import Chart, Result
from holdfast.bench.report.statistics import percentile, weighted_percentile
from holdfast.bench.server import BASE, Event, Server, check_stored
from holdfast.bench.stack.own_stack import allow_many_connections
from holdfast.bench.stack.processes import cpu_by_role

_CONNECTIONS = 256
"""Enough to keep the rate even while the server is busy with its listeners."""
_LAST_FRAMES_SECONDS = 3.0
_SPARE_FILES = 200
_EVENT_VERSION = re.compile(rb"\r\nevent-version: (\d+)\r\n", re.IGNORECASE)

Versions = dict[int, float]
"""When the reservation that led to a version was requested, by version, in seconds of the monotonic clock."""


def run(bench: Bench, target: Target) -> Result:
    """Sell at a steady rate, first without listeners and then with them, and measure how late they get the changes."""
    result = Result()
    server, sizes = target.server, bench.sizes
    if allow_many_connections() < sizes.listeners + _SPARE_FILES:
        raise LoadError(f"{sizes.listeners:,} listeners need as many open files: raise the limit with `ulimit -n`")
    changes = int(sizes.changes_per_second * sizes.run_seconds)
    event = server.make_event(max(bench.sizes.stadium_seats, 2 * changes))
    path = f"/events/{event.id}/changes"
    if not _offered(server, path):
        result.notes.append("changes as they happen: not offered")
        return result
    watching = f"with {sizes.listeners:,} listeners"
    alone, _ = _sell(bench, server, event, range(changes), "without listeners")
    bench.reporter.say(f"{server.name}: {sizes.listeners:,} listeners come")
    with audience(server.caller.address, f"{server.caller.prefix}{BASE}{path}", sizes.listeners) as listening:
        roles = {**target.roles(), "the listeners": [listening.pid]}
        before = cpu_by_role(roles)
        watched, versions = _sell(bench, server, event, range(changes, 2 * changes), watching)
        for role, seconds in cpu_by_role(roles).items():
            share = (seconds - before[role]) / watched.seconds
            result.add(f"processors busy {watching}: {role}", share, "", "lower")
        time.sleep(_LAST_FRAMES_SECONDS)
        heard = listening.leave()
    sold = (alone.statuses[201], watched.statuses[201])
    result.check("every reservation succeeds", sold == (changes, changes), f"{sold} of {changes} each")
    for name, load in (("without listeners", alone), (watching, watched)):
        result.add(f"reservation {name}: p50", percentile(load.latencies_seconds, 0.5) * 1_000, "ms", "lower")
        result.add(f"reservation {name}: p99", percentile(load.latencies_seconds, 0.99) * 1_000, "ms", "lower")
        result.add(f"reservations/s {name}", load.statuses[201] / load.seconds, "1/s", "higher")
    _add_delays(bench, heard, versions, result)
    _check(bench, heard, versions, result)
    check_stored(server, [event], sum(sold), result, "sales with and without listeners")
    return result


def delays_of(heard: Heard, versions: Versions) -> dict[int, int]:
    """Count delays from request to frame, in milliseconds, over all changes and listeners."""
    told = sorted(heard.frames)
    delays: Counter[int] = Counter()
    for version, asked_at in versions.items():
        place = bisect_left(told, version)
        if place < len(told):
            asked_ms = asked_at * 1_000
            for millisecond, listeners in heard.frames[told[place]].items():
                delays[round(millisecond - asked_ms)] += listeners
    return delays


def _offered(server: Server, path: str) -> bool:
    """Return whether the server has streams, by trying one listener."""
    try:
        with audience(server.caller.address, f"{server.caller.prefix}{BASE}{path}", 1) as listening:
            return listening.opened == 1 and listening.leave().open == 1
    except LoadError:
        return False


def _sell(bench: Bench, server: Server, event: Event, places: range, what: str) -> tuple[Load, Versions]:
    """Reserve at the steady rate; return the load, and when each version was requested."""
    answered: list[tuple[int, float]] = []

    def on_answer(_number: int, status: int, answer: bytes) -> None:
        found = _EVENT_VERSION.search(answer)
        answered.append((int(found[1]) if found and status == 201 else -1, time.perf_counter()))

    rate = bench.sizes.changes_per_second
    with bench.reporter.phase(f"{server.name}: {rate} reservations a second {what}", len(places)) as advance:
        load = server.reserve(
            event,
            ([seat] for seat in event.seat_ids[places.start : places.stop]),
            connections=_CONNECTIONS,
            per_second=rate,
            on_answer=on_answer,
            on_tick=advance,
        )
    pairs = zip(answered, load.latencies_seconds, strict=True)
    return load, {version: at - latency for (version, at), latency in pairs if version >= 0}


def _add_delays(bench: Bench, heard: Heard, versions: Versions, result: Result) -> None:
    delays = delays_of(heard, versions)
    sizes = bench.sizes
    goal = 300.0 if (sizes.listeners, sizes.changes_per_second) == (5_000, 500) else None
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    found = {name: weighted_percentile(delays, share) for name, share in shares.items()}
    for name, value in found.items():
        result.add(f"change heard by {sizes.listeners:,} listeners: {name}", value, "ms", "lower",
                   goal=goal if name == "p99" else None)  # fmt: skip
    title = f"Delay of a change, {sizes.listeners:,} listeners, {sizes.changes_per_second} reservations/s"
    result.charts.append(Chart("listeners", title, "ms", list(found), {"delay": list(found.values())}))


def _check(bench: Bench, heard: Heard, versions: Versions, result: Result) -> None:
    listeners = bench.sizes.listeners
    result.check("every listener stays", heard.open == listeners, f"{heard.open} of {listeners}")
    result.check("no listener is told to reload", heard.reloads == 0, f"{heard.reloads} were")
    last = max(versions, default=-1)
    complete = sum(count for version, count in heard.last_versions.items() if version >= last)
    result.check("every listener hears of the last change", complete == listeners, f"{complete} of {listeners}")
    result.check("the event's version is known of every reservation", len(versions) > 0, f"{len(versions)} known")
