"""The loads that are compared, and what is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True)
class Trial:
    """One load: reservations of single free seats."""

    connections: int
    per_second: float | None = None
    """How many are sent; by default, each connection sends the next as soon as it has its answer."""
    events: int = 1
    """Over which they are spread evenly."""
    processes: int = 1
    cells: int = 1

    @property
    def name(self) -> str:
        """What it is called in tables."""
        parts = [f"{self.per_second:,.0f}/s" if self.per_second else f"{self.connections} connections"]
        parts += [f"{self.events} events"] * (self.events > 1)
        parts += [f"{self.processes} processes"] * (self.processes > 1)
        parts += [f"{self.cells} cells"] * (self.cells > 1)
        return ", ".join(parts)


CALIBRATION = (Trial(8), Trial(128))
"""What a request costs beside its transaction is taken from the CPU of these, and from nothing else of them."""
TRIALS = (
    Trial(32, per_second=300),
    Trial(64, per_second=1_500),
    Trial(16),
    Trial(64),
    Trial(256),
    Trial(512),
    Trial(2_048),
    Trial(64, events=16),
    Trial(288, processes=2),
)
"""None of them is used to calibrate."""
TWO_CELLS = (Trial(64, events=2, cells=2), Trial(256, events=2, cells=2))


@dataclass(frozen=True)
class Seen:
    """What came of a load, really or in the simulation."""

    per_second: float
    """Reservations."""
    p50: float
    """Seconds."""
    p99: float
    commands: float
    """For each transaction, on average."""


FIGURES = ("per_second", "p50", "p99", "commands")
"""The fields of `Seen`."""


@dataclass(frozen=True)
class Comparison:
    """A load on both."""

    name: str
    real: Sequence[Seen]
    """Of each round."""
    simulated: Sequence[Seen]
    """Of each seed."""

    def ratio(self, figure: str) -> float:
        """Return simulated ÷ real."""
        real, simulated = (fmean(getattr(seen, figure) for seen in both) for both in (self.real, self.simulated))
        return simulated / real
