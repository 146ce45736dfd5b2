"""Metrics of the whole installation, which exactly one of its processes may export.

That process is the leader (see `application.upkeep.publish_totals`). The others export none of these series, so a sum
over all targets is correct.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from holdfast.telemetry import processes

STALE_SECONDS = 5.0
"""Totals that have not been confirmed for this long are no longer exported: another leader may have taken over."""
OF_EVENTS = frozenset({"holdfast_event_seats"})
"""Families with a series for each event: how an event sells is its organiser's business, drafts and all."""
NAME_MAX = 60
"""The length of an event's name in a label."""


@dataclass(frozen=True, slots=True)
class EventSeats:
    """The seats of one event, by status."""

    event_id: str
    name: str
    available: int
    reserved: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What the tables contain at one moment."""

    pending_reservations: int
    confirmed_reservations: int
    overdue_holds: int
    """Live holds whose time has run out, and which have not been recorded as expired yet."""
    overdue_seconds: float
    """How long the oldest of them has been overdue."""
    oldest_snapshot_seconds: float
    """How long the oldest transaction has been open that keeps PostgreSQL from removing dead rows."""
    events: Sequence[EventSeats]
    """The events with the most seats taken. Their number is limited, because each becomes a label value."""


class InstallationMetrics(Collector):
    """Keeps what the leader last published, and exports it while it is fresh."""

    def __init__(self) -> None:
        self._totals: Totals | None = None
        self._published_at = 0.0

    def publish(self, totals: Totals) -> None:
        """Export these totals from now on."""
        self._totals, self._published_at = totals, time.monotonic()
        folder = processes.folder()
        if folder is not None:
            registry = CollectorRegistry()
            registry.register(self)
            path = processes.installation_file(folder, processes.place())
            written = path.with_suffix(".part")
            written.write_bytes(generate_latest(registry))
            written.replace(path)

    def withdraw(self) -> None:
        """Stop exporting."""
        self._totals = None
        folder = processes.folder()
        if folder is not None:
            processes.installation_file(folder, processes.place()).unlink(missing_ok=True)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name the families, so that none is defined twice."""
        return _families()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the series; none if this process does not lead."""
        totals = self._totals
        if totals is None or time.monotonic() - self._published_at > STALE_SECONDS:
            return []
        active, overdue, overdue_seconds, oldest_snapshot, seats = families = _families()
        active.add_metric(["pending"], totals.pending_reservations)
        active.add_metric(["confirmed"], totals.confirmed_reservations)
        overdue.add_metric([], totals.overdue_holds)
        overdue_seconds.add_metric([], totals.overdue_seconds)
        oldest_snapshot.add_metric([], totals.oldest_snapshot_seconds)
        for event in totals.events:
            for status in ("available", "reserved", "confirmed"):
                seats.add_metric([event.event_id, event.name[:NAME_MAX], status], getattr(event, status))
        return families


def published_by_sibling(*, of_events: bool = True) -> bytes:
    """Return what another process of this node has published, in Prometheus' text format.

    Args:
        of_events: Whether the series of single events are included.
    """
    published = _published_by_sibling()
    if of_events or not published:
        return published
    lines = published.decode().splitlines(keepends=True)
    return "".join(line for line in lines if _family_of(line) not in OF_EVENTS).encode()


def _family_of(line: str) -> str:
    """Return the name in a line like `name{labels} value`, `# HELP name text` or `# TYPE name kind`."""
    sample = line.removeprefix("# HELP ").removeprefix("# TYPE ")
    return sample.split(maxsplit=1)[0].split("{")[0]


def _published_by_sibling() -> bytes:
    folder = processes.folder()
    if folder is None:
        return b""
    newest = b""
    newest_at = time.time() - STALE_SECONDS
    for path in folder.glob("installation_*.prom"):
        try:
            written_at = path.stat().st_mtime
            if written_at > newest_at:
                newest, newest_at = path.read_bytes(), written_at
        except FileNotFoundError:
            continue
    return newest


def _families() -> list[GaugeMetricFamily]:
    return [
        GaugeMetricFamily(
            "active_reservations",
            "Reservations pending and confirmed; the sum over all targets is the total.",
            labels=["status"],
        ),
        GaugeMetricFamily("holdfast_holds_overdue", "Holds that ran out and are not yet recorded as expired."),
        GaugeMetricFamily("holdfast_holds_overdue_seconds", "How long the oldest of them is overdue."),
        GaugeMetricFamily(
            "holdfast_oldest_snapshot_seconds",
            "How long the oldest transaction is open that keeps PostgreSQL from removing dead rows.",
        ),
        GaugeMetricFamily(
            "holdfast_event_seats",
            "Seats by status, of the events with the most seats taken.",
            labels=["event_id", "event", "status"],
        ),
    ]


installation = InstallationMetrics()
if processes.folder() is None:
    REGISTRY.register(installation)
