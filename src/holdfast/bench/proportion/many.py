"""What many events cost: reading them, the first read of one after many others, a node that has just started."""

import itertools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from holdfast.bench.clients.driver import Address, Load, drive
from holdfast.bench.load.replay import replay
from holdfast.bench.proportion.ground import Figure, Ground, expect, get, price_of
from holdfast.bench.report.statistics import percentile
from holdfast.bench.server import Event

_COLD_SECONDS = 2.0
_COLD_EVENTS = 72
_LOOK_SECONDS_MAX = 20.0


def first_look_after_many(on: Ground) -> list[Figure]:
    """Measure the first read of an event, before and after reads of many empty ones."""
    server = on.server
    looked_at = [server.make_event(500) for _ in range(20)]

    def look(events: Sequence[Event]) -> float:
        return price_of(
            on, len(events), lambda n: expect(get(on, f"/events/{events[n].id}/seats")[0], (200,))
        ).cpu_seconds

    before = look(looked_at[:10])
    paths = [f"/events/{server.open_event(1)}/seats" for _ in range(on.scale.empty_events)]
    load = drive(
        server.caller.address,
        (server.get_request(path) for path in paths),
        connections=16,
        seconds=_LOOK_SECONDS_MAX,
    )
    after = look(looked_at[10:])
    what = f"first look at an event of 500 seats, after {len(paths):,} empty ones"
    note = f"{load.answers:,} of them were answered in {load.seconds:.0f} s"
    return [
        Figure(f"{what}: CPU", after * 1_000, "ms", "lower", note),
        Figure(f"{what} ÷ before them", after / before, "", "lower"),
    ]


def counts_of_many(on: Ground) -> list[Figure]:
    """Read the available counts of more and more events over 64 connections."""
    rates = []
    for count in on.scale.events:
        requests = on.count_requests(on.crowd(count))
        load = replay(on.server.caller.address, requests, connections=64, seconds=on.scale.read_seconds)
        rates.append(load.per_second)
    figures = [
        Figure(f"available/count over {count:,} events", rate, "1/s", "higher")
        for count, rate in zip(on.scale.events, rates, strict=True)
    ]
    ratio = rates[-1] / max(rates[0], 1e-9)
    return [*figures, Figure(f"over {on.scale.events[-1]:,} events ÷ over {on.scale.events[0]:,}", ratio, "", "higher")]


def buyers_beside_a_reader(on: Ground) -> list[Figure]:
    """Measure a buyer's latency, alone and while somebody reads the counts of many events."""
    requests = on.count_requests(on.crowd(on.scale.events[-1]))
    seconds = on.scale.load_seconds
    alone = _buy(on, seconds)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        reading = beside.submit(read_counts, on.server.caller.address, requests, seconds + 1.0)
        time.sleep(0.5)
        busy = _buy(on, seconds)
        reading.result()
    p50, p50_busy = (percentile(load.latencies_seconds, 0.5) * 1_000 for load in (alone, busy))
    return [
        Figure("a buyer's p50", p50, "ms", "lower"),
        Figure(f"a buyer's p50 beside a reader of {len(requests):,} events", p50_busy, "ms", "lower"),
        Figure("beside the reader ÷ alone", p50_busy / p50, "", "lower"),
    ]


def read_counts(address: Address, requests: Sequence[bytes], seconds: float) -> int:
    """Read with eight connections in a separate process; return how many responses arrived."""
    return replay(address, requests, connections=8, seconds=seconds).answers


def cold_node(on: Ground) -> list[Figure]:
    """Compare the mixed load in a node's first two seconds with later ones, and the tail of its seat lists."""
    events = on.crowd(min(_COLD_EVENTS, on.scale.events[-1]))
    with on.another() as fresh:
        requests = mixed_requests(fresh, events)
        address = fresh.server.caller.address
        cold = drive(address, requests, connections=16, seconds=_COLD_SECONDS)
        drive(address, requests, connections=16, seconds=_COLD_SECONDS)
        ends: list[bool] = []
        warm = drive(
            address,
            requests,
            connections=16,
            seconds=on.scale.load_seconds,
            on_answer=lambda _n, _s, answer: ends.append(len(answer) > 20_000),
        )
    lists = [seconds for seconds, listed in zip(warm.latencies_seconds, ends, strict=True) if listed]
    mean = sum(lists) / len(lists)
    return [
        Figure("mixed load, first 2 s of a node", cold.per_second, "1/s", "higher"),
        Figure("first 2 s ÷ warm", cold.per_second / warm.per_second, "", "higher"),
        Figure("mixed load, seat lists: p99 ÷ mean", percentile(lists, 0.99) / mean, "", "lower"),
    ]


def mixed_requests(on: Ground, events: Sequence[Event]) -> Iterator[bytes]:
    """Yield requests: one fifth reservations of free seats; the rest event lists, seat lists and counts equally.

    They end when every seat of the events has been requested.
    """
    server = on.server
    page = [server.get_request("/events?limit=20")] * len(events)
    lists = [server.get_request(f"/events/{event.id}/seats") for event in events]
    reads = itertools.cycle((page, lists, on.count_requests(events)))
    places = itertools.cycle(range(len(events)))
    for number in range(len(events[0].seat_ids)):
        for event in events:
            yield from server.reserve_requests(event, [[event.seat_ids[number]]])
            for kind in itertools.islice(reads, 4):
                yield kind[next(places)]


def _buy(on: Ground, seconds: float) -> Load:
    event = on.server.make_event(max(2_000, int(400 * seconds)))
    return on.server.reserve(event, ([seat] for seat in event.seat_ids), connections=4, seconds=seconds, per_second=200)
