"""What one request costs, for requests that once cost far out of proportion."""

import uuid

from holdfast.bench.proportion.ground import Figure, Ground, expect, get, path_of, price_of
from holdfast.bench.stack.processes import command_line, memory_mib, with_children

_FILLER_FIELDS = 400_000
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


def idle_memory(on: Ground) -> list[Figure]:
    """Measure the memory of supervisor, API and worker in a run that has had no request yet."""
    living = with_children([on.stack.pid])
    ours = [pid for pid in living if command_line(pid)[1:3] == ["-m", "holdfast"]]
    mib = sum(_alone(pid) for pid in ours)
    return [Figure("idle: memory (PSS) of supervisor, API and worker", mib, "MiB", "lower", f"{len(ours)} processes")]


def _alone(pid: int) -> float:
    return memory_mib([pid]) - sum(memory_mib([child]) for child in with_children([pid]) if child != pid)


def bulk_for_nobody(on: Ground) -> list[Figure]:
    """Send a bulk call of 60 bytes for an event that does not exist."""

    def call(_number: int) -> None:
        path = path_of(str(uuid.uuid4()), "seats/bulk")
        expect(*_only(on.server.caller.call("POST", path, {"prefix": "A", "count": 100_000, "price": 1}), 404))

    return [_cpu("bulk call to an unknown event", price_of(on, 4 * on.scale.calls, call).cpu_seconds)]


def bulk_of_unknown_fields(on: Ground) -> list[Figure]:
    """Send bulk bodies of some megabytes that contain only unknown fields."""
    event_id = on.server.open_event(10)
    filler = dict.fromkeys((f"unknown-field-number-{number}" for number in range(_FILLER_FIELDS)), "x" * 12)
    body = {"prefix": "A", "count": 1, "price": 1, **filler}

    def call(_number: int) -> None:
        status, answer = on.server.caller.call("POST", path_of(event_id, "seats/bulk"), body)
        expect(status, (201, 400, 409, 413), answer)  # unknown fields may be ignored

    price = price_of(on, min(3, on.scale.calls), call)
    return [
        _cpu("bulk body of 17 MB of unknown fields", price.cpu_seconds),
        Figure("bulk body of 17 MB of unknown fields: memory", price.growth_mib, "MiB", "lower"),
    ]


def matching_tag_hall(on: Ground) -> list[Figure]:
    """Read the seat map of a hall with a matching entity tag."""
    return _matching_tag(on, on.scale.hall_seats)


def stadium(on: Ground) -> list[Figure]:
    """Read the largest event: its seat map with a matching entity tag, and its whole list."""
    figures = _matching_tag(on, on.scale.stadium_seats)
    event_id = on.stadium_id
    calls = min(2, on.scale.calls)
    price = price_of(on, calls, lambda _: expect(get(on, f"/events/{event_id}/seats")[0], (200,)))
    what = f"GET /seats of {on.scale.stadium_seats:,} seats"
    return [*figures, _cpu(what, price.cpu_seconds), Figure(f"{what}: memory", price.growth_mib, "MiB", "lower")]


def _matching_tag(on: Ground, seats: int) -> list[Figure]:
    event = on.server.make_event(seats)
    on.stadium_id = event.id
    path = f"/events/{event.id}/seat-map"
    status, headers = get(on, path)
    expect(status, (200,))
    same = {"If-None-Match": headers["etag"]}
    price = price_of(on, 4 * on.scale.calls, lambda _: expect(get(on, path, same)[0], (304,)))
    return [_cpu(f"seat-map of {seats:,} seats with its ETag", price.cpu_seconds)]


def first_count(on: Ground) -> list[Figure]:
    """Read the first count of a large event from a node that has not read it before."""
    seats = on.scale.hall_seats
    events = [on.server.make_event(seats) for _ in range(2)]
    with on.another() as fresh:
        get(fresh, "/events?limit=1")
        price = price_of(
            fresh, 2, lambda n: expect(get(fresh, f"/events/{events[n].id}/seats/available/count")[0], (200,))
        )
    return [_cpu(f"first count of an event of {seats:,} seats", price.cpu_seconds)]


def metrics(on: Ground) -> list[Figure]:
    """Read /metrics after requests with every method on every path."""
    document = on.server.caller.json("GET", "/openapi.json")
    for path in document["paths"]:
        concrete = path
        while "{" in concrete:
            concrete = f"{concrete.partition('{')[0]}{uuid.uuid4()}{concrete.partition('}')[2]}"
        if not concrete.endswith("/changes"):
            for method in _METHODS:
                on.server.caller.call(method, concrete)
    sizes: list[int] = []
    price = price_of(on, 40, lambda _: sizes.append(len(on.server.caller.call("GET", "/metrics")[1])))
    return [
        _cpu("GET /metrics", price.cpu_seconds),
        Figure("GET /metrics: answer", sizes[-1] / 1024, "KiB", "lower"),
    ]


def _cpu(name: str, seconds: float) -> Figure:
    return Figure(f"{name}: CPU", seconds * 1_000, "ms", "lower")


def _only(answer: tuple[int, bytes], status: int) -> tuple[int, tuple[int, ...], bytes]:
    return answer[0], (status,), answer[1]
