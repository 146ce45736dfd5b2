"""The parameters of a simulated run."""

from dataclasses import dataclass
from random import Random
from types import ModuleType

from holdfast.application.reading import (
    event_pages,
    kept_by_event,
    large_lists,
    listeners,
    live_changes,
    map_loads,
    seat_list,
    seat_maps,
)

_LOW = (
    (event_pages, "PAGES_MAX", 1),
    (kept_by_event, "EVENTS_MAX", 1),
    (kept_by_event, "LARGE_SEATS_MIN", 4),
    (large_lists, "PAGE_SEATS", 2),
    (listeners, "FRAMES_MAX", 1),
    (live_changes, "CHANNELS_PER_QUESTION", 1),
    (live_changes, "ENTRIES_MAX", 4),
    (map_loads, "MEDIUM_SEATS_MAX", 7),
    (map_loads, "SMALL_SEATS_MAX", 4),
    (map_loads, "TOGETHER_SEATS_MAX", 6),
    (seat_list, "PAGE_SEATS", 2),
    (seat_maps, "ENTRIES_BEHIND_MAX", 3),
    (seat_maps, "ENTRIES_MAX", 2),
    (seat_maps, "QUESTIONS_MAX", 2),
)
"""Bounds of the read side, and how low they may be set in a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The parameters of a run; `of_seed` draws them."""

    seed: int
    nodes: int
    events: int
    seats: int
    readers: int
    pages: int
    """Pages with a stream."""
    writers: int
    steps: int
    """Operations per client."""
    losses: int
    """Failovers that lose the end of the log."""
    archives: int
    """How often an event is archived, and perhaps restored."""
    bytes_max: int
    """Bound on maps in memory. A list is large if its seats exceed a two-thousandth of this number."""
    failing: float
    """Share of database queries that fail."""
    slow: float
    """Share of queries and answers that take long."""
    hasty: float
    """Share of readers who disconnect before the answer."""
    hold_seconds: float
    read_pause: float
    """Longest pause of a reader between two requests, in seconds; `write_pause`: the same for writers."""
    write_pause: float
    rest_seconds: float
    """Finally everything gets this long to come to rest, without failures."""
    bounds: tuple[tuple[ModuleType, str, int], ...]
    """Bounds of the read side, many of them so low that a small hall counts as large."""

    @classmethod
    def of_seed(cls, seed: int) -> "Scenario":
        """Draw a scenario."""
        random = Random(f"scenario {seed}")  # noqa: S311 - a simulation
        of_archives = Random(f"of archives {seed}")  # noqa: S311 - a simulation
        crowded = random.random() < 0.4
        """All operations are on one event, and much of it is lost and written again: the case most prone to errors."""
        return cls(
            seed=seed,
            nodes=random.choice((1, 2)),
            events=1 if crowded else random.choice((1, 2, 4)),
            seats=random.choice((0, 3, 6, 12)),
            readers=random.choice((1, 3)) if crowded else random.choice((2, 4, 8)),
            pages=random.choice((0, 1, 4)),
            writers=random.choice((1, 2)),
            steps=40 if crowded else random.choice((10, 20)),
            losses=8 if crowded else random.choice((0, 1, 2)),
            archives=of_archives.choice((0, 0, 2, 5)),
            bytes_max=1 << 24 if crowded else random.choice((1, 9_000, 30_000, 1 << 24)),
            failing=random.choice((0.0, 0.0, 0.05)),
            slow=0.3 if crowded else random.choice((0.0, 0.05, 0.3)),
            hasty=random.choice((0.0, 0.1)),
            hold_seconds=random.choice((0.3, 600.0, 600.0)),
            read_pause=random.choice((0.02, 0.1, 0.4)) if crowded else 0.02,
            write_pause=0.01 if crowded else 0.02,
            rest_seconds=random.choice((3.0, 3.0, 3.0, 20.0)),
            bounds=tuple((module, name, random.choice((getattr(module, name), low))) for module, name, low in _LOW),
        )
