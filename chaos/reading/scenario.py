"""What happens in a simulated run."""

from dataclasses import dataclass
from random import Random
from types import ModuleType

from holdfast.application.reading import (
    event_pages,
    kept_charts,
    large_lists,
    listeners,
    live_changes,
    map_loads,
    seat_list,
    seat_maps,
)

_LOW = (
    (event_pages, "PAGES_MAX", 1),
    (kept_charts, "CHARTS_MAX", 1),
    (kept_charts, "LARGE_SEATS_MIN", 4),
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
"""Bounds, and how low they may be in a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What happens in a run; `of_seed` draws one."""

    seed: int
    nodes: int
    events: int
    seats: int
    readers: int
    pages: int
    """Pages with a stream."""
    writers: int
    steps: int
    """What each client does."""
    losses: int
    """Failovers that lose the end of the log."""
    bytes_max: int
    """Of maps in memory; a list of more than a two-thousandth of it in seats is a large one."""
    failing: float
    """The part of questions to the database that fail."""
    slow: float
    """The part of questions and answers that travel long."""
    hasty: float
    """The part of readers who leave before they are answered."""
    hold_seconds: float
    read_pause: float
    """The longest pause of a reader between two requests, in seconds; `write_pause` that of a writer."""
    write_pause: float
    rest_seconds: float
    """After all that everything is given this long to come to rest, without failures."""
    bounds: tuple[tuple[ModuleType, str, int], ...]
    """Bounds of the read side, many of them so low that a small hall is a large one."""

    @classmethod
    def of_seed(cls, seed: int) -> "Scenario":
        """Draw a scenario."""
        random = Random(f"scenario {seed}")  # noqa: S311 - a simulation
        crowded = random.random() < 0.4
        """All is about one event, and much of it is lost and made anew: that is where most can go wrong."""
        return cls(
            seed=seed,
            nodes=random.choice((1, 1, 2)),
            events=1 if crowded else random.choice((1, 2, 4)),
            seats=random.choice((0, 3, 6, 12)),
            readers=random.choice((2, 3)) if crowded else random.choice((2, 4, 8)),
            pages=random.choice((0, 1, 3)),
            writers=random.choice((1, 2)),
            steps=40 if crowded else random.choice((10, 20)),
            losses=8 if crowded else random.choice((0, 1, 2)),
            bytes_max=1 << 24 if crowded else random.choice((1, 9_000, 30_000, 1 << 24)),
            failing=random.choice((0.0, 0.0, 0.05)),
            slow=0.3 if crowded else random.choice((0.0, 0.05, 0.3)),
            hasty=random.choice((0.0, 0.1)),
            hold_seconds=random.choice((0.3, 600.0, 600.0)),
            read_pause=random.choice((0.02, 0.1)) if crowded else 0.02,
            write_pause=0.01 if crowded else 0.02,
            rest_seconds=random.choice((3.0, 3.0, 3.0, 20.0)),
            bounds=tuple((module, name, random.choice((getattr(module, name), low))) for module, name, low in _LOW),
        )
