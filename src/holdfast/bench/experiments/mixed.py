"""Mixed load: four fifths reads, one fifth reservations, with and without think time, compared with a static floor."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from holdfast.bench.clients.driver import body_of
from holdfast.bench.load.k6 import run_k6
from holdfast.bench.plan import Bench, Target
from holdfast.bench.report.results import Chart, Result
from holdfast.bench.report.statistics import median
from holdfast.bench.server import BASE, Event, Server, check_stored
from holdfast.bench.stack.floor import static_floor

_THINK = "0.05:0.15"
_THINK_SECONDS = 0.1
_WRITES_SHARE = 0.2
_SUCCESS_SHARE_MIN = 0.95
_SPARE = 1.2
_SLICES = 2
_KINDS = ("reserve", "event_list", "seat_list", "available_count")

Metrics = dict[str, dict[str, float]]
Stages = Sequence[tuple[int, float]]


@dataclass
class _Crowd:
    """Input for k6: events whose seats are taken one after another, and what reads must return."""

    events: list[Event]
    data: dict[str, Any]


def run(bench: Bench, target: Target) -> Result:
    """Run the load with think time in three stages, then without, alternating with the floor."""
    result = Result()
    _with_think_time(bench, target.server, result)
    _saturated(bench, target.server, result)
    return result


def _with_think_time(bench: Bench, server: Server, result: Result) -> None:
    sizes = bench.sizes
    seconds = sizes.mixed_seconds / 3
    stages = [(max(1, users), seconds) for users in (sizes.users // 4, sizes.users // 2, sizes.users)]
    writes = [users / _THINK_SECONDS * seconds * _WRITES_SHARE for users, _ in stages]
    crowd = _crowd(server, sizes.mixed_seats, writes)
    what = f"mixed load with think time, {'→'.join(str(users) for users, _ in stages)} users"
    metrics = _run(bench, server, crowd, stages, f"{server.name}: {what}", think=_THINK)
    for index, (users, _) in enumerate(stages):
        durations = metrics[f"http_req_duration{{scenario:stage_{index}}}"]
        last = index == len(stages) - 1
        for name, key in (("p50", "med"), ("p95", "p(95)"), ("p99", "p(99)")):
            goal = 50.0 if last and name == "p99" and sizes.users == 200 else None
            result.add(f"{users} users, think time: {name}", durations[key], "ms", "lower", goal=goal)
        rate = metrics[f"http_reqs{{scenario:stage_{index}}}"]["count"] / seconds
        result.add(f"{users} users, think time: requests/s", rate, "1/s", "higher")
    for kind in _KINDS:
        p99 = metrics[f"{kind}_ms"].get("p(99)", float("nan"))
        result.add(f"think time: p99 of {kind.replace('_', ' ')}", p99, "ms", "lower")
    _check(server, crowd, metrics, result, "mixed load with think time")
    users_of_stages = [float(users) for users, _ in stages]
    series = {
        name: [metrics[f"http_req_duration{{scenario:stage_{index}}}"][key] for index in range(len(stages))]
        for name, key in (("p50", "med"), ("p95", "p(95)"), ("p99", "p(99)"))
    }
    result.charts.append(Chart("mixed", "Mixed load with think time", "ms", users_of_stages, series, "virtual users"))


def _saturated(bench: Bench, server: Server, result: Result) -> None:
    """Load without think time, alternating server and floor, so that changes of the machine's speed affect both."""
    sizes = bench.sizes
    stages = [(sizes.users, sizes.saturated_seconds)]
    own: list[tuple[float, float]] = []
    floors: list[tuple[float, float]] = []
    writes = sizes.saturated_per_second * sizes.saturated_seconds * _WRITES_SHARE
    for number in range(1, _SLICES + 1):
        crowd = _crowd(server, sizes.mixed_seats, [writes])
        title = f"mixed load without think time, {sizes.users} users ({number} of {_SLICES})"
        metrics = _run(bench, server, crowd, stages, f"{server.name}: {title}")
        own.append(_rate_and_p99(metrics, sizes.saturated_seconds))
        _check(server, crowd, metrics, result, f"mixed load without think time, run {number}")
        bodies = _bodies(server, crowd.events[0])
        with static_floor(bodies) as url, closing(Server(url, "static floor")) as floor:
            metrics = _run(bench, floor, crowd, stages, f"static floor: {title}")
            floors.append(_rate_and_p99(metrics, sizes.saturated_seconds))
    rate, floor_rate = (median(rate for rate, _ in runs) for runs in (own, floors))
    p99, floor_p99 = (median(p99 for _, p99 in runs) for runs in (own, floors))
    result.add("saturated: requests/s", rate, "1/s", "higher")
    result.add("static floor: requests/s", floor_rate, "1/s")
    result.add("saturated requests/s ÷ floor", rate / floor_rate, "", "higher", goal=0.5)
    result.add("saturated: p99", p99, "ms", "lower")
    result.add("static floor: p99", floor_p99, "ms")
    result.add("saturated p99 ÷ floor", p99 / floor_p99, "", "lower")
    result.charts.append(
        Chart(
            "saturated",
            "Mixed load without think time",
            "requests/s",
            ["measured", "static floor"],
            {"requests/s": [rate, floor_rate]},
        )
    )


def _crowd(server: Server, seats_of_event: int, writes_of_stages: Sequence[float]) -> _Crowd:
    """Create as many events as the writes need seats."""
    needed = [int(writes * _SPARE) + 50 for writes in writes_of_stages]
    events = [server.make_event(seats_of_event) for _ in range(-(-sum(needed) // seats_of_event))]
    # Neighbours in this list belong to different events, so that writes are spread over all of them.
    seats = [
        f"{number}:{event.seat_ids[place]}" for place in range(seats_of_event) for number, event in enumerate(events)
    ]
    _, seat_list = server.caller.call("GET", f"{BASE}/events/{events[0].id}/seats")
    _, event_list = server.caller.call("GET", f"{BASE}/events?limit=20")
    about = {
        # A seat's status changes the length of its entry slightly; half a list must fail the check.
        "seat_list_bytes_min": int(len(seat_list) * 0.9),
        "event_list_bytes_min": int(len(event_list) * 0.9),
        "starts": [sum(needed[:index]) for index in range(len(needed))],
    }
    return _Crowd(events, {"about": about, "events": [event.id for event in events], "seats": seats})


def _run(bench: Bench, server: Server, crowd: _Crowd, stages: Stages, title: str, *, think: str = "0:0") -> Metrics:
    settings = {
        "BASE_URL": server.caller.url,
        "STAGES": ",".join(f"{users}:{seconds:g}" for users, seconds in stages),
        "THINK": think,
        "CONFLICT_STATUS": str(server.traits.conflict_status),
    }
    seconds = sum(seconds for _, seconds in stages)
    with bench.reporter.phase(title, seconds) as advance:
        return run_k6("benchmark.js", settings, crowd.data, seconds=seconds, on_tick=advance)


def _rate_and_p99(metrics: Metrics, seconds: float) -> tuple[float, float]:
    rate = metrics["http_reqs{scenario:stage_0}"]["count"] / seconds
    return rate, metrics["http_req_duration{scenario:stage_0}"]["p(99)"]


def _check(server: Server, crowd: _Crowd, metrics: Metrics, result: Result, what: str) -> None:
    counts = {name: int(metrics.get(name, {}).get("count", 0)) for name in ("reserved", "conflicts", "refused")}
    wanted = sum(counts.values())
    result.check(
        f"{what}: at least 95 % of the writes succeed",
        wanted > 0 and counts["reserved"] >= _SUCCESS_SHARE_MIN * wanted,
        ", ".join(f"{name} {count}" for name, count in counts.items()),
    )
    bad, reads = (int(metrics.get(name, {}).get("count", 0)) for name in ("bad_reads", "reads"))
    result.check(f"{what}: every read is answered in full", reads > 0 and bad == 0, f"{bad} of {reads} were not")
    check_stored(server, crowd.events, counts["reserved"], result, what)


def _bodies(server: Server, event: Event) -> dict[str, bytes]:
    """Return the server's response to each kind of request, which the floor then serves."""
    paths = {
        "events": f"{BASE}/events?limit=20",
        "seats": f"{BASE}/events/{event.id}/seats",
        "count": f"{BASE}/events/{event.id}/seats/available/count",
    }
    bodies = {name: server.caller.call("GET", path)[1] for name, path in paths.items()}
    spare = server.make_event(1)
    answers: list[bytes] = []
    server.reserve(spare, [spare.seat_ids], connections=1, on_answer=lambda _n, _s, answer: answers.append(answer))
    return {**bodies, "reserve": body_of(answers[0])}
