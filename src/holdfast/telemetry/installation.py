"""Metrics of the whole installation, which exactly one of its processes may export for each cell.

That process is the cell's leader (see `application.upkeep.publish_totals`). The others export none of the cell's
figures, so a sum over all targets is correct.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from prometheus_client import REGISTRY
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
    """What the tables of a cell contain at one moment."""

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
    """Keeps what the leader of each cell last published, and exports it while it is fresh."""

    def __init__(self) -> None:
        self._published: dict[str, tuple[Totals, float]] = {}

    def publish(self, totals: Totals, cell: str = "0") -> None:
        """Export these totals of a cell from now on."""
        self._published[cell] = (totals, time.monotonic())
        folder = processes.folder()
        if folder is not None:
            path = processes.installation_file(folder, processes.place(), cell)
            written = path.with_suffix(".part")
            written.write_text(json.dumps(asdict(totals)), encoding="utf-8")
            written.replace(path)

    def withdraw(self, cell: str = "0") -> None:
        """Stop exporting the totals of a cell."""
        self._published.pop(cell, None)
        folder = processes.folder()
        if folder is not None:
            processes.installation_file(folder, processes.place(), cell).unlink(missing_ok=True)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name the families, so that none is defined twice."""
        return _families()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the series; none if this process leads no cell."""
        since = time.monotonic() - STALE_SECONDS
        return families_of({cell: totals for cell, (totals, at) in self._published.items() if at >= since})


def published_by_siblings() -> Iterable[GaugeMetricFamily]:
    """Return the series of all cells that a process of this node leads, from the files that they have written."""
    folder = processes.folder()
    newest: dict[str, tuple[float, Totals]] = {}
    since = time.time() - STALE_SECONDS
    for path in [] if folder is None else folder.glob("installation_*.json"):
        cell = path.stem.rpartition("_")[2]
        try:
            written_at = path.stat().st_mtime
            if written_at > max(since, newest[cell][0] if cell in newest else since):
                newest[cell] = written_at, _read(path)
        except FileNotFoundError:
            continue
    return families_of({cell: totals for cell, (_, totals) in newest.items()})


def _read(path: Path) -> Totals:
    told = json.loads(path.read_text(encoding="utf-8"))
    return Totals(**{**told, "events": [EventSeats(**event) for event in told["events"]]})


def families_of(published: Mapping[str, Totals]) -> Sequence[GaugeMetricFamily]:
    """Return the series of these cells' totals. Reservations are summed up, as their metric has no label for cells."""
    if not published:
        return []
    active, overdue, overdue_seconds, oldest_snapshot, seats = families = _families()
    active.add_metric(["pending"], sum(totals.pending_reservations for totals in published.values()))
    active.add_metric(["confirmed"], sum(totals.confirmed_reservations for totals in published.values()))
    for cell, totals in sorted(published.items()):
        overdue.add_metric([cell], totals.overdue_holds)
        overdue_seconds.add_metric([cell], totals.overdue_seconds)
        oldest_snapshot.add_metric([cell], totals.oldest_snapshot_seconds)
        for event in totals.events:
            for status in ("available", "reserved", "confirmed"):
                seats.add_metric([event.event_id, event.name[:NAME_MAX], status], getattr(event, status))
    return families


def _families() -> list[GaugeMetricFamily]:
    return [
        GaugeMetricFamily(
            "active_reservations",
            "Reservations pending and confirmed; the sum over all targets is the total.",
            labels=["status"],
        ),
        GaugeMetricFamily(
            "holdfast_holds_overdue", "Holds that ran out and are not yet recorded as expired.", labels=["cell"]
        ),
        GaugeMetricFamily("holdfast_holds_overdue_seconds", "How long the oldest of them is overdue.", labels=["cell"]),
        GaugeMetricFamily(
            "holdfast_oldest_snapshot_seconds",
            "How long the oldest transaction is open that keeps PostgreSQL from removing dead rows.",
            labels=["cell"],
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
