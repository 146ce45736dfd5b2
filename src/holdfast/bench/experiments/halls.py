"""Single reservations in halls of very different sizes: the size must not make a difference."""

from itertools import chain

from holdfast.bench.clients.driver import drive
from holdfast.bench.failure import LoadError
from holdfast.bench.plan import Bench
from holdfast.bench.report.results import Chart, Result
from holdfast.bench.report.statistics import percentile
from holdfast.bench.server import Event, Server, check_stored

_WARM_UP = 10


def run(bench: Bench, server: Server, result: Result) -> None:
    """Reserve one seat after another, alternating between the halls, so that changes of the machine affect all."""
    events = {seats: _hall(bench, server, seats) for seats in bench.sizes.hall_sizes}
    latencies = lone_latencies(server, list(events.values()), bench.sizes.lone_reservations)
    medians = {}
    for (seats, event), seconds in zip(events.items(), latencies, strict=True):
        medians[seats] = percentile(seconds, 0.5)
        result.add(f"{seats:,} seats: one reservation alone, p50", medians[seats] * 1_000, "ms", "lower")
        result.add(f"{seats:,} seats: one reservation alone, p99", percentile(seconds, 0.99) * 1_000, "ms", "lower")
        taken = len(event.seat_ids) - server.available(event)
        expected = bench.sizes.lone_reservations + _WARM_UP
        result.check(
            f"{seats:,} seats: all single reservations are stored", taken == expected, f"{taken} of {expected}"
        )
    check_stored(
        server, [next(iter(events.values()))], bench.sizes.lone_reservations + _WARM_UP, result, "smallest hall"
    )
    smallest, largest = min(medians), max(medians)
    ratio = medians[largest] / medians[smallest]
    goal = 1.2 if (smallest, largest) == (1_000, 1_000_000) else None
    result.add(f"one reservation, {largest:,} seats ÷ {smallest:,} seats, p50", ratio, "", "lower", goal=goal)
    series = {
        name: [percentile(seconds, share) * 1_000 for seconds in latencies]
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }
    sizes = [float(seats) for seats in medians]
    result.charts.append(Chart("halls", "One reservation alone", "ms", sizes, series, "seats of the event"))


def lone_latencies(server: Server, events: list[Event], count: int) -> list[list[float]]:
    """Return the seconds of single reservations over one connection: `count` per event, alternating, after a warm-up.

    Raises:
        LoadError: A reservation was refused.
    """
    streams = [
        server.reserve_requests(event, [[seat] for seat in event.seat_ids[: _WARM_UP + count]]) for event in events
    ]
    load = drive(server.caller.address, chain.from_iterable(zip(*streams, strict=True)), connections=1)
    if load.statuses[201] != load.answers:
        raise LoadError(f"{server.name}: single reservations of free seats were refused: {dict(load.statuses)}")
    return [list(load.latencies_seconds[number :: len(events)][_WARM_UP:]) for number in range(len(events))]


def _hall(bench: Bench, server: Server, seats: int) -> Event:
    with bench.reporter.phase(f"{server.name}: a hall of {seats:,} seats", seats) as advance:
        return server.make_event(seats, on_seats=advance)
