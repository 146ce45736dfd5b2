"""What every row uses: a running node, and the cost of a request on it."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from holdfast.bench.clients.driver import drive
from holdfast.bench.failure import LoadError
from holdfast.bench.server import BASE, Event, Server
from holdfast.bench.stack.own_stack import Stack, own_stack
from holdfast.bench.stack.processes import cpu_seconds, peak_memory_mib

EVENT_SEATS = 500


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    unit: str
    better: str
    """`lower` or `higher`."""
    note: str = ""


@dataclass(frozen=True)
class Scale:
    """How large the rows are. The default takes under six minutes; `QUICK` checks that every row works."""

    hall_seats: int = 100_000
    stadium_seats: int = 1_000_000
    empty_events: int = 8_000
    events: tuple[int, ...] = (64, 500, 1_500)
    load_seconds: float = 5.0
    read_seconds: float = 3.0
    calls: int = 5


QUICK = Scale(2_000, 20_000, 200, (8, 40, 80), 1.0, 1.0, 2)


class Ground:
    """A node with the default settings, started like a user would, and its events."""

    def __init__(self, stack: Stack, server: Server, scale: Scale, source: str | None, data_dir: Path) -> None:
        self.stack = stack
        self.server = server
        self.scale = scale
        self.source = source
        self.data_dir = data_dir
        self.stadium_id = ""
        """The largest event that a row has created."""
        self._crowd: list[Event] = []

    @property
    def node(self) -> list[int]:
        """The API process and its children."""
        return self.stack.roles()["server"]

    def crowd(self, count: int) -> Sequence[Event]:
        """Return at least this many events of 500 seats, creating those that are missing."""
        while len(self._crowd) < count:
            self._crowd.append(self.server.make_event(EVENT_SEATS))
        return self._crowd[:count]

    def count_requests(self, events: Sequence[Event]) -> list[bytes]:
        """Return one request for the available count of each event."""
        return [self.server.get_request(f"/events/{event.id}/seats/available/count") for event in events]

    @contextmanager
    def another(self, **settings: str) -> Iterator["Ground"]:
        """Start another node on the same PostgreSQL and Redis."""
        given = {"DATABASE_URL": self.stack.database_url}
        redis_url = self.stack.address("Redis")
        if redis_url:
            given["REDIS_URL"] = redis_url
        with ground(self.data_dir, self.scale, self.source, **given | settings) as other:
            yield other


@contextmanager
def ground(data_dir: Path, scale: Scale, source: str | None, **settings: str) -> Iterator[Ground]:
    """Start a node and everything it needs.

    Args:
        data_dir: Folder in which its data folder is created.
        scale: How large the rows are.
        source: The folder `src` of another checkout to measure; None: this one.
        settings: In addition to the defaults.

    Raises:
        LoadError: It does not start.
    """
    environment = {"LOG_LEVEL": "INFO", **settings} | ({"PYTHONPATH": source} if source else {})
    options = ("--show-urls",) if source is None or _hides_urls(source) else ()
    with (
        own_stack(data_dir, environment=environment, options=options) as stack,
        closing(Server(stack.url, "Holdfast")) as server,
    ):
        yield Ground(stack, server, scale, source, data_dir)


@dataclass(frozen=True)
class Price:
    """What a number of calls cost."""

    cpu_seconds: float
    """Of the API process, per call."""
    growth_mib: float
    """How far its memory rose at most above what it was before."""
    seconds: float
    """Per call."""


def price_of(on: Ground, calls: int, call: Callable[[int], object]) -> Price:
    """Make calls one after another, and read what the API process spent."""
    pids = on.node
    memory = _begin_peak(pids)
    before, begin = cpu_seconds(pids), time.perf_counter()
    for number in range(calls):
        call(number)
    seconds = time.perf_counter() - begin
    spent = cpu_seconds(pids) - before
    return Price(spent / calls, max(0.0, peak_memory_mib(pids) - memory), seconds / calls)


def expect(status: int, wanted: Sequence[int], body: bytes = b"") -> None:
    """Check that the response is of the kind that is to be measured.

    Raises:
        LoadError: It is not.
    """
    if status not in wanted:
        raise LoadError(f"answered with {status}: {body[:150].decode(errors='replace')}")


def get(on: Ground, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, str]]:
    """Send one GET and discard the body; return status and headers, with names in lower case."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    request = on.server.get_request(path).replace(b"\r\n\r\n", f"\r\n{more}\r\n".encode(), 1)
    heads: list[bytes] = []
    drive(
        on.server.caller.address, [request], connections=1, on_answer=lambda _n, _s, answer: heads.append(answer[:4096])
    )
    lines = heads[0].split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    named = (line.partition(":") for line in lines[1:])
    return int(lines[0].split()[1]), {name.strip().lower(): value.strip() for name, _, value in named}


def path_of(event_id: str, what: str) -> str:
    """Return the path of an event's resource, including the base path."""
    return f"{BASE}/events/{event_id}/{what}"


def _hides_urls(source: str) -> bool:
    """Return whether the Holdfast of another checkout needs an option to print its URLs."""
    return "--show-urls" in (Path(source) / "holdfast" / "cli" / "__init__.py").read_text(encoding="utf-8")


def _begin_peak(pids: Sequence[int]) -> float:
    """Reset the peak memory of these processes; return the memory they use now."""
    for pid in pids:
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    return peak_memory_mib(pids)
