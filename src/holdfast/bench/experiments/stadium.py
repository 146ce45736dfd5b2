"""A stadium: a very large number of seats in one event."""

import time

from holdfast.bench.clients.driver import Load, body_of, drive
from holdfast.bench.plan import Bench, Target
from holdfast.bench.report.results import Chart, Result
from holdfast.bench.report.statistics import median, percentile
from holdfast.bench.server import BASE, Event, Server, check_stored

_BULKS = 3
_FULL_SEATS = 100_000
"""The goals are for an event of this size."""
_FORM_B_SEATS = 10_000
_CALLERS = 100
_BITS_A_SEAT = 2


def run(bench: Bench, target: Target) -> Result:
    """Create the seats, read counts and availability, and sell many at once."""
    result = Result()
    server = target.server
    event = _bulk(bench, server, result)
    _reads(bench, server, event, result)
    reserved = _reads_between_sales(bench, server, event, result)
    _sales(bench, server, event, reserved, result)
    return result


def _bulk(bench: Bench, server: Server, result: Result) -> Event:
    seats = bench.sizes.stadium_seats
    rates = []
    event = server.make_event(1)
    with bench.reporter.phase(f"{server.name}: {seats:,} seats in bulk, {_BULKS} times", _BULKS * seats) as advance:
        for number in range(_BULKS):
            server.make_event(min(seats, 1_000))  # the first call to an idle server is not what is measured
            before = server.bulk_seconds
            event = server.make_event(seats, on_seats=lambda made, n=number: advance(n * seats + made))  # type: ignore[misc]
            rates.append(seats / (server.bulk_seconds - before))
    result.add(
        f"bulk of {seats:,}: seats/s, answers read",
        median(rates),
        "1/s",
        "higher",
        goal=150_000.0 if seats == _FULL_SEATS else None,
    )
    result.add(f"bulk of {seats:,}: seats of one call", server.traits.bulk_seats_max, "seats", "higher")
    result.check(f"bulk: {seats:,} seats with an id each", len(set(event.seat_ids)) == seats)
    _listed_bulk(server, result)
    return event


def _listed_bulk(server: Server, result: Result) -> None:
    """Create seats that are listed one by one in the call, if the server accepts that."""
    event_id = server.open_event(_FORM_B_SEATS)
    seats = [{"seat_number": f"B-{number}", "price": 5_000} for number in range(_FORM_B_SEATS)]
    begin = time.perf_counter()
    status, _ = server.caller.call("POST", f"{BASE}/events/{event_id}/seats/bulk", {"seats": seats})
    if status != 201:
        result.notes.append(f"bulk with {_FORM_B_SEATS:,} listed seats: answered with {status}")
        return
    result.add("bulk of listed seats: seats/s", _FORM_B_SEATS / (time.perf_counter() - begin), "1/s", "higher")


def _reads(bench: Bench, server: Server, event: Event, result: Result) -> None:
    """Let one caller read repeatedly while nothing changes."""
    reads = bench.sizes.stadium_reads
    kinds = {
        "available count": server.get_request(f"/events/{event.id}/seats/available/count"),
        "availability, JSON": server.get_request(f"/events/{event.id}/availability"),
        "availability, bits": server.get_request(f"/events/{event.id}/availability", accept="application/octet-stream"),
    }
    p99s: dict[str, float] = {}
    for kind, request in kinds.items():
        with bench.reporter.phase(f"{server.name}: {kind}, {reads:,} times", reads) as advance:
            answers: list[bytes] = []
            load = drive(
                server.caller.address,
                [request] * reads,
                connections=1,
                on_answer=lambda number, _status, answer, kept=answers: kept.append(answer) if number == 0 else None,  # type: ignore[misc]
                on_tick=advance,
            )
        if load.statuses[200] != reads:
            result.notes.append(f"{kind}: not offered (answered with {next(iter(load.statuses))})")
            continue
        p99s[kind] = percentile(load.latencies_seconds, 0.99) * 1_000
        goal = 5.0 if kind.startswith("availability") and len(event.seat_ids) == _FULL_SEATS else None
        result.add(f"{kind}: p99", p99s[kind], "ms", "lower", goal=goal)
        if kind == "availability, bits":
            size = len(body_of(answers[0]))
            expected = -(-len(event.seat_ids) * _BITS_A_SEAT // 8)
            result.check(f"{kind}: {expected:,} bytes", size == expected, f"{size:,} bytes")
    result.charts.append(
        Chart(
            "stadium",
            f"Reading an event of {len(event.seat_ids):,} seats, p99",
            "ms",
            list(p99s),
            {"p99": list(p99s.values())},
        )
    )


def _reads_between_sales(bench: Bench, server: Server, event: Event, result: Result) -> int:
    """Read the availability after each sale, so that every response is new; return how many seats were sold."""
    reads = bench.sizes.stadium_reads // 2
    seats = ([seat] for seat in event.seat_ids[-reads:])
    look = server.get_request(f"/events/{event.id}/availability", accept="application/octet-stream")
    both = (request for sale in server.reserve_requests(event, seats) for request in (sale, look))
    with bench.reporter.phase(f"{server.name}: availability after each of {reads:,} sales", 2 * reads) as advance:
        load = drive(server.caller.address, both, connections=1, on_tick=advance)
    if load.statuses[200] == reads:
        goal = 5.0 if len(event.seat_ids) == _FULL_SEATS else None
        latencies = load.latencies_seconds[1::2]
        result.add("availability after a sale: p99", percentile(latencies, 0.99) * 1_000, "ms", "lower", goal=goal)
    return load.statuses[201]


def _sales(bench: Bench, server: Server, event: Event, reserved: int, result: Result) -> None:
    """Let many buyers reserve at once, each a different seat; then many the same seat."""
    buyers = bench.sizes.stadium_buyers
    with bench.reporter.phase(f"{server.name}: {buyers:,} different seats at once", buyers) as advance:
        apart = server.reserve(event, ([seat] for seat in event.seat_ids[:buyers]), connections=buyers, on_tick=advance)
    what = f"{buyers:,} different seats at once"
    _add_latencies(apart, result, what)
    result.check(f"{what}: all are sold", apart.statuses[201] == buyers, f"{apart.statuses[201]} sold")
    wanted = event.seat_ids[buyers]
    together = server.reserve(event, [[wanted]] * _CALLERS, connections=_CALLERS)
    what = f"{_CALLERS} callers on one seat of the stadium"
    _add_latencies(together, result, what)
    outcome = (together.statuses[201], server.conflicts(together))
    result.check(f"{what}: one wins, all others get a conflict", outcome == (1, _CALLERS - 1), f"{outcome[0]} won")
    check_stored(server, [event], reserved + apart.statuses[201] + together.statuses[201], result, "stadium")


def _add_latencies(load: Load, result: Result, what: str) -> None:
    result.add(f"{what}: p50", percentile(load.latencies_seconds, 0.5) * 1_000, "ms", "lower")
    result.add(f"{what}: p99", percentile(load.latencies_seconds, 0.99) * 1_000, "ms", "lower")
    result.add(f"{what}: until all are answered", load.seconds * 1_000, "ms", "lower")
