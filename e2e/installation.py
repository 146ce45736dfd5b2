"""The installation under test: its address, how the suite proves who it is, and the events that it may touch."""

import itertools
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

BASE = "/api/v1"
TEMPORARY = "Holdfast end-to-end test"
KEPT = "Holdfast end-to-end test (kept: what is sold cannot be deleted)"
_FAR_AWAY = {"start_at": "2099-01-01T19:00:00Z", "end_at": "2099-01-01T22:00:00Z"}
_ABOUT = "Made by the end-to-end tests after a deployment. Nobody should buy these seats."
_EVENTS_LOOKED_AT_MAX = 1_000
_ANSWER_SECONDS = 30.0
_READS_LAG_SECONDS_MAX = 2.0


def comes_true(fact: Callable[[], object]) -> bool:
    """Return whether something is true, or becomes true within the second that reads of another node may lag."""
    deadline = time.monotonic() + _READS_LAG_SECONDS_MAX
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@dataclass
class Installation:
    """Holdfast at an address, seen by a seller's client.

    With a token (an API key of role organiser) all events are drafts: no buyer ever sees them. Without one the
    installation runs in `open` mode, in which nobody may hold seats of a draft, so they are published while they exist.
    """

    address: str
    token: str | None = None
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    http: httpx.Client = field(init=False)
    anonymous: httpx.Client = field(init=False)
    """A client that does not say who it is."""
    _numbers: Iterator[int] = field(init=False, default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        """Open the clients."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self.http = httpx.Client(base_url=self.address, headers=headers, timeout=_ANSWER_SECONDS)
        self.anonymous = httpx.Client(base_url=self.address, timeout=_ANSWER_SECONDS)

    def buyer(self) -> str:
        """Return the name of a buyer whom no test has used."""
        return f"e2e-{self.run}-{next(self._numbers)}"

    def call(self, method: str, path: str, *, user: str | None = None, **more: object) -> httpx.Response:
        """Send a request to a path under /api/v1."""
        headers = {"X-User-ID": user} if user else {}
        return self.http.request(method, f"{BASE}{path}", headers=headers, **more)

    @contextmanager
    def event(self, seats: int = 40) -> Iterator["Event"]:
        """Put an event on sale; delete it with all its holds at the end of the block."""
        event = self._make(f"{TEMPORARY} {self.run}", seats)
        try:
            event.add_seats("A", seats)
            yield event
        finally:
            self.call("DELETE", f"/events/{event.id}")

    @contextmanager
    def kept_event(self) -> Iterator["Event"]:
        """Open the one event of the installation in which the suite sells, with one more seat; hide it afterwards.

        An event with sold seats cannot be deleted. All runs use the same one, so at most one is ever left.
        """
        known = next((event for event in self._own_events() if event["name"] == KEPT), None)
        if known is None:
            event = self._make(KEPT, 100_000)
        else:
            event = Event(self, known["id"])
            event.edit(KEPT, 100_000, published=self.token is None)
        try:
            event.add_seats(self.run, 1)
            yield event
        finally:
            event.edit(KEPT, 100_000, published=False)

    def _make(self, name: str, seats: int) -> "Event":
        answer = self.call("POST", "/events", json=_details(name, seats, published=self.token is None))
        assert answer.status_code == 201, f"the suite cannot make an event: {answer.status_code} {answer.text}"
        return Event(self, answer.json()["id"])

    def _own_events(self) -> Iterator[dict]:
        for offset in range(0, _EVENTS_LOOKED_AT_MAX, 100):
            page = self.call("GET", f"/events?limit=100&offset={offset}").raise_for_status().json()
            yield from page
            if len(page) < 100:
                return


@dataclass
class Event:
    """An event of the suite, and what buyers do with it."""

    installation: Installation
    id: str
    seats: list[str] = field(default_factory=list)

    def add_seats(self, prefix: str, count: int) -> None:
        """Add seats at 1,000 each; `seats` then has their ids."""
        body = {"prefix": prefix, "count": count, "price": 1_000}
        self.seats = [seat["id"] for seat in self.ask(201, "POST", f"/events/{self.id}/seats/bulk", json=body)]

    def edit(self, name: str, seats: int, *, published: bool) -> None:
        """Change its details."""
        self.ask(200, "PUT", f"/events/{self.id}", json=_details(name, seats, published=published))

    def take(self, count: int = 1) -> list[str]:
        """Return the ids of seats that no other test uses."""
        taken, self.seats = self.seats[:count], self.seats[count:]
        assert len(taken) == count, "the event of the suite has too few seats"
        return taken

    def reserve(self, user: str, seats: list[str], key: str = "first") -> httpx.Response:
        """Ask for named seats."""
        wish = {"event_id": self.id, "seat_ids": seats, "idempotency_key": key}
        return self.installation.call("POST", "/reservations", user=user, json=wish)

    def hold(self, user: str, seats: list[str], key: str = "first") -> dict:
        """Hold named seats; return the reservation."""
        answer = self.reserve(user, seats, key)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def ask(self, status: int, method: str, path: str, **more: object) -> object:
        """Send a request that has to be answered with this status; return the body."""
        answer = self.installation.call(method, path, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def status_of(self, seat: str) -> str:
        """Return the status of a seat."""
        return self.ask(200, "GET", f"/seats/{seat}")["status"]

    def available(self) -> int:
        """Return how many seats are free."""
        return self.ask(200, "GET", f"/events/{self.id}/seats/available/count")["count"]


def _details(name: str, seats: int, *, published: bool) -> dict:
    return {
        "name": name,
        "description": _ABOUT,
        "venue": "Nowhere",
        **_FAR_AWAY,
        "total_seats": seats,
        "published": published,
    }
