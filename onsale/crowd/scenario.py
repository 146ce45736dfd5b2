"""What is simulated: an installation and a crowd."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from onsale.installation.queues import Bounds

Routing: TypeAlias = Literal["any", "home"]
"""To which process a hold goes: to any, or to one of the few that its event is at home in."""


@dataclass(frozen=True)
class Retries:
    """What a client does with a 503."""

    tries_max: int = 5
    wait_seconds: float = 1.0
    """Before the second try. Holdfast answers with `Retry-After: 1`."""
    growth: float = 2.0
    """Each further wait is so many times the one before, with chance in it."""


@dataclass(frozen=True)
class Crowd:
    """Who comes, and what they do."""

    buyers: int = 1_000_000
    seconds: float = 600.0
    arrivals: Literal["decaying", "pareto"] = "decaying"
    peak: float = 5.0
    """How many come in the busiest second, compared with the average."""
    events: int = 40
    zipf: float = 1.0
    """How unlike the events are: the share of the event of rank r is in proportion to r to the power of minus this."""
    seats_of_event: int = 20_000
    seats_each: int = 2
    tries_max: int = 3
    """Times that a buyer looks for other seats when those wanted are taken."""
    look_seconds: float = 5.0
    """Between looking at the map and asking for seats."""
    buys_share: float = 0.8
    """Of the holds: how many are confirmed."""
    pays_seconds: float = 60.0
    """From the hold to the confirmation, on average."""
    retries: Retries = field(default_factory=Retries)


@dataclass(frozen=True)
class Site:
    """An installation."""

    processes: int = 64
    cells: int = 4
    postgres_cores: int = 8
    """Of each cell."""
    share_for_holds: float = 1.0
    """Of each process's core. The rest serves reads and live streams, which are not simulated."""
    flush_seconds: float | None = None
    """None: as measured."""
    standby_seconds: float = 0.0
    routing: Routing = "any"
    homes: int = 2
    """Processes of each event, if holds are routed to them."""
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True)
class Scenario:
    """All of it."""

    crowd: Crowd = field(default_factory=Crowd)
    site: Site = field(default_factory=Site)
    seed: int = 1
    until_seconds: float | None = None
    """Look at the beginning only; None: until nobody is left."""
