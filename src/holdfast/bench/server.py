"""A server that implements the contract, as experiments use it; adapts to servers that implement less of it."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from holdfast.bench.clients.caller import Caller, UnexpectedAnswerError
from holdfast.bench.clients.driver import Load, body_of, drive
from holdfast.bench.failure import LoadError
from holdfast.bench.report.results import Result

BASE = "/api/v1"
_BULK_SEATS = (100_000, 10_000, 1_000, 100)
"""Seats per bulk call, tried in this order to find the most that a server accepts."""
_REFUSED = range(400, 500)
_PRICE = 5_000


@dataclass
class Traits:
    """How a server differs, found by trying."""

    bulk_seats_max: int = _BULK_SEATS[0]
    counts_in_bulk: bool = True
    """Whether it creates seats by prefix and count (form A); otherwise they are listed one by one (form B)."""
    conflict_status: int = 409
    metrics: bool = True
    """Whether /metrics has its write transactions."""


@dataclass(frozen=True)
class Event:
    """An event with its seats, in the order of creation."""

    id: str
    seat_ids: Sequence[str] = field(repr=False)


class Server:
    """Creates events, builds requests, counts what is stored."""

    def __init__(self, url: str, name: str) -> None:
        """Set the server.

        Args:
            url: Its URL, without `/api/v1`.
            name: Its name in reports.

        Raises:
            LoadError: The URL cannot be used.
        """
        self.caller = Caller(url)
        self.name = name
        self.traits = Traits()
        self._run = uuid.uuid4().hex[:12]
        self._keys = 0
        self.bulk_seconds = 0.0
        """Time of all accepted bulk calls, from the request to the last byte of the response."""

    def close(self) -> None:
        """Close the connection."""
        self.caller.close()

    def learn(self) -> Traits:
        """Find its traits with one small event.

        Raises:
            LoadError: It cannot be reached, or does not implement the contract.
        """
        event = self.make_event(2)
        seat = event.seat_ids[:1]
        first = self._reserve(event, seat)
        if first != 201:
            raise UnexpectedAnswerError(f"POST {BASE}/reservations", first, b"a free seat must be reserved with 201")
        self.traits.conflict_status = self._reserve(event, seat)
        if self.traits.conflict_status not in (400, 409):
            raise UnexpectedAnswerError(
                f"POST {BASE}/reservations", self.traits.conflict_status, b"a taken seat is a conflict, 409 or 400"
            )
        self.traits.metrics = self.write_transactions() is not None
        return self.traits

    def make_event(self, seats: int, *, on_seats: Callable[[int], None] | None = None) -> Event:
        """Create an event with seats, in as few calls as it allows.

        Args:
            seats: How many.
            on_seats: Called with the number of seats created so far.

        Raises:
            LoadError: It refuses, or cannot be reached.
        """
        event_id = self.open_event(seats)
        seat_ids: list[str] = []
        while len(seat_ids) < seats:
            seat_ids += self.add_seats(event_id, min(seats - len(seat_ids), self.traits.bulk_seats_max), len(seat_ids))
            if on_seats is not None:
                on_seats(len(seat_ids))
        return Event(event_id, seat_ids)

    def open_event(self, seats: int) -> str:
        """Create an event with room for seats but none yet, and return its id."""
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        details = {
            "name": "Benchmark",
            "description": "",
            "venue": "Hall",
            "start_at": start.isoformat(),
            "end_at": (start + timedelta(hours=2)).isoformat(),
            "total_seats": seats,
        }
        return str(self.caller.json("POST", f"{BASE}/events", details)["id"])

    def add_seats(self, event_id: str, count: int, first: int) -> list[str]:
        """Add up to `count` seats in one call, and return the ids of those that were created.

        A refused call is tried again with fewer seats, and at last with each seat listed.
        """
        while True:
            status, body, seconds = self._timed_post(
                f"{BASE}/events/{event_id}/seats/bulk", self.bulk_body(count, first)
            )
            if 200 <= status < 300:
                self.bulk_seconds += seconds
                return _seat_ids(body, f"POST {BASE}/events/{event_id}/seats/bulk")
            if status not in _REFUSED:
                raise UnexpectedAnswerError("POST seats/bulk", status, body)
            smaller = [size for size in _BULK_SEATS if size < min(count, self.traits.bulk_seats_max)]
            if smaller:
                self.traits.bulk_seats_max = count = smaller[0]
            elif self.traits.counts_in_bulk:
                self.traits.counts_in_bulk = False
                self.traits.bulk_seats_max = 1_000
            else:
                raise UnexpectedAnswerError("POST seats/bulk", status, body)

    def bulk_body(self, count: int, first: int) -> dict[str, Any]:
        """Return the body that creates `count` seats, numbered after the `first` seats before."""
        if self.traits.counts_in_bulk:
            return {"prefix": f"S{first}", "count": count, "price": _PRICE}
        return {"seats": [{"seat_number": f"S{first}-{n + 1}", "price": _PRICE} for n in range(count)]}

    def reserve_requests(self, event: Event, wishes: Iterable[Sequence[str]]) -> Iterator[bytes]:
        """Yield whole requests, each for one wish, with a user and a key of its own."""
        head = (
            f"POST {self.caller.prefix}{BASE}/reservations HTTP/1.1\r\nHost: {self.caller.host}\r\n"
            "Content-Type: application/json\r\nX-User-ID: buyer-%s-%d\r\nContent-Length: %d\r\n\r\n%s"
        )
        for seat_ids in wishes:
            self._keys += 1
            seats = '","'.join(seat_ids)
            body = f'{{"event_id":"{event.id}","seat_ids":["{seats}"],"idempotency_key":"{self._run}-{self._keys}"}}'
            yield (head % (self._run, self._keys, len(body), body)).encode()

    def get_request(self, path: str, *, accept: str = "application/json") -> bytes:
        """Return a whole GET request."""
        where = f"{self.caller.prefix}{BASE}{path}"
        return f"GET {where} HTTP/1.1\r\nHost: {self.caller.host}\r\nAccept: {accept}\r\n\r\n".encode()

    def reserve(self, event: Event, wishes: Iterable[Sequence[str]], *, connections: int, **more: Any) -> Load:  # noqa: ANN401
        """Reserve with one request per wish; the other arguments are those of `drive`."""
        return drive(self.caller.address, self.reserve_requests(event, wishes), connections=connections, **more)

    def available(self, event: Event) -> int:
        """Return how many seats are free."""
        return int(self.caller.json("GET", f"{BASE}/events/{event.id}/seats/available/count")["count"])

    def seats(self, event: Event) -> list[dict[str, Any]]:
        """Return all seats as listed."""
        listed = self.caller.json("GET", f"{BASE}/events/{event.id}/seats")
        return list(listed["seats"] if isinstance(listed, dict) else listed)

    def write_transactions(self) -> float | None:
        """Return how many write transactions of batches it has committed; None if it does not say."""
        return self.metric("holdfast_batches_total")

    def metric(self, name: str) -> float | None:
        """Return the sum of a metric over its labels; None if there is none."""
        status, text = self.caller.call("GET", "/metrics")
        lines = text.decode(errors="replace").splitlines() if status == 200 else []
        values = [float(line.rsplit(None, 1)[1]) for line in lines if line.startswith((name + " ", name + "{"))]
        return sum(values) if values else None

    def conflicts(self, load: Load) -> int:
        """Return how many responses said that a seat was taken."""
        return load.statuses[self.traits.conflict_status]

    def _timed_post(self, path: str, body: Any) -> tuple[int, bytes, float]:  # noqa: ANN401
        """Call with the raw client: httpx takes 26 ms longer for the 18 MB response to 100,000 seats."""
        content = json.dumps(body).encode()
        head = (
            f"POST {self.caller.prefix}{path} HTTP/1.1\r\nHost: {self.caller.host}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        answers: list[tuple[int, bytes]] = []
        load = drive(
            self.caller.address,
            [head.encode() + content],
            connections=1,
            on_answer=lambda _number, status, answer: answers.append((status, answer)),
        )
        if not answers:
            raise LoadError(f"{self.caller.url} broke the connection of POST {path}")
        status, answer = answers[0]
        return status, body_of(answer), load.latencies_seconds[0]

    def _reserve(self, event: Event, seat_ids: Sequence[str]) -> int:
        load = self.reserve(event, [seat_ids], connections=1)
        return next(iter(load.statuses))


def check_stored(server: Server, events: Sequence[Event], acknowledged: int, result: Result, what: str) -> None:
    """Check that exactly the acknowledged seats are taken, by counts and by lists, each by one reservation."""
    seats = sum(len(event.seat_ids) for event in events)
    taken = seats - sum(server.available(event) for event in events)
    result.check(
        f"{what}: what was acknowledged is stored, by the available count",
        taken == acknowledged,
        f"{acknowledged} acknowledged, {taken} taken",
    )
    listed = [seat for event in events for seat in server.seats(event)]
    held = [seat for seat in listed if seat["status"] != "available"]
    result.check(
        f"{what}: what was acknowledged is stored, by the seat list",
        len(held) == acknowledged and len({seat["id"] for seat in listed}) == len(listed) == seats,
        f"{acknowledged} acknowledged, {len(held)} of {len(listed)} listed as taken",
    )
    holders = [seat["reserved_by"] for seat in held if seat.get("reserved_by")]
    if holders:
        result.check(
            f"{what}: no seat and no reservation stands twice",
            len(set(holders)) == len(holders) == len(held),
            f"{len(held)} seats, {len(set(holders))} reservations",
        )


def _seat_ids(body: bytes, request: str) -> list[str]:
    """Return the ids of a bulk response, in either form."""
    import msgspec  # noqa: PLC0415 - only needed to create seats

    try:
        made = msgspec.json.decode(body)
        listed = made["seats"] if isinstance(made, dict) else made
        return [str(seat["id"]) for seat in listed]
    except (msgspec.DecodeError, KeyError, TypeError):
        raise UnexpectedAnswerError(request, 201, body) from None
