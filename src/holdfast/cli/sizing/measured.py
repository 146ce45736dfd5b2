"""What was measured in one sitting, and from which the calculator and the simulation both take their times.

`measured.json` is written by `make onsale-measure`. Nobody edits it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

StepName = Literal["lock", "load", "decide", "store", "commit"]
STEPS: tuple[StepName, ...] = get_args(StepName)
"""The steps of a write transaction, in order. `decide` takes no round trip."""
FILE = Path(__file__).with_name("measured.json")


@dataclass(frozen=True, slots=True)
class Cost:
    """A mean that grows with what a transaction carries, in microseconds of CPU."""

    fixed: float
    event: float
    """For each event in the transaction."""
    command: float
    seat: float

    def of(self, events: float, commands: float, seats: float) -> float:
        """Return it for a transaction."""
        return self.fixed + self.event * events + self.command * commands + self.seat * seats


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a write transaction."""

    node: Cost
    """Of the API process."""
    postgres: Cost
    """Of PostgreSQL's backend."""
    wait: float
    """Microseconds in which neither works: the network, and waking up. For a COMMIT, without the flush."""
    spread: Sequence[float]
    """Quantiles of measured ÷ mean, at equal distances from the least to the greatest."""

    def seconds(self, events: float, commands: float, seats: float) -> float:
        """Return its mean where nobody else uses the processors."""
        return (self.node.of(events, commands, seats) + self.postgres.of(events, commands, seats) + self.wait) / 1e6


@dataclass(frozen=True, slots=True)
class Request:
    """What one hold over HTTP costs beside its part of a transaction, in microseconds of CPU."""

    node: float
    """Reading and answering the request, the gate's driver."""
    redis_call: float
    """Redis, for one call of the gate and the release that follows."""
    redis_each: float
    """Redis, for each request in it."""
    load_generator: float
    """The benchmark's client. It matters only where it shares the machine."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One sitting."""

    machine: Mapping[str, str]
    """Where and when."""
    both_busy: float
    """How fast a core of the measuring machine works while the other is busy, compared with alone."""
    flush: Sequence[float]
    """Quantiles of one `fdatasync` of 8 KiB in microseconds, as `Step.spread`."""
    steps: Mapping[StepName, Step]
    request: Request

    def held_seconds(self, commands: float, seats: float, *, commit_seconds: float) -> float:
        """Return how long one transaction of one event keeps the event locked, where cores are idle.

        Args:
            commands: In the transaction.
            seats: That these hold.
            commit_seconds: What the flush, and the standby, take.
        """
        # The lock is taken at the end of its step.
        steps = (step for name, step in self.steps.items() if name != "lock")
        return commit_seconds + sum(step.seconds(1, commands, seats) for step in steps)


@lru_cache(maxsize=1)
def measured() -> Measured:
    """Read the file."""
    import msgspec  # noqa: PLC0415 - only when something is to be estimated

    return msgspec.json.decode(FILE.read_bytes(), type=Measured)
