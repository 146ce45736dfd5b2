"""What a check of a history is told of the run, and what it finds."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from chaos.histories.history import FOREVER

Rule: TypeAlias = Literal[
    "double_sale",
    "early_expiry",
    "effect_nobody_asked",
    "key_made_two",
    "late_resolution",
    "log_transition",
    "lost_write",
    "missing_version",
    "repeated_version",
    "row_differs",
    "stale_read",
    "time_order",
    "wrong_refusal",
    "wrong_replay",
    "wrong_resolution",
]
"""docs/model.md says what each of them asks."""

VIOLATIONS_MAX = 100
"""More of one rule are counted, not kept."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken; `place` is where in the history the wrong answer stands, None where the log is wrong."""

    rule: Rule
    event: str
    version: int
    text: str
    place: int | None = None

    def __str__(self) -> str:
        where = "" if self.place is None else f", operation {self.place}"
        return f"{self.rule}: event {self.event}, version {self.version}{where}: {self.text}"


@dataclass(slots=True)
class Report:
    """What a check found."""

    operations: int = 0
    log_entries: int = 0
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[Rule] = field(default_factory=Counter)
    """How often each rule was broken."""

    @property
    def violations_count(self) -> int:
        """How many violations there are."""
        return self.counts.total()

    @property
    def rules_broken(self) -> set[Rule]:
        """The names of the rules that were broken."""
        return set(self.counts)

    def add(self, rule: Rule, event: str, version: int, text: str, place: int | None = None) -> None:
        """Note one more violation."""
        self.counts[rule] += 1
        if self.counts[rule] <= VIOLATIONS_MAX:
            self.violations.append(Violation(rule, event, version, text, place))


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is known of the run."""

    complete: bool = True
    """The history holds every request that was made of these events: an effect that none asked for is wrong."""
    wall_offset_ns: int | None = None
    """What to add to the clients' monotonic clock to get PostgreSQL's time (ns since 1970); None: not comparable."""
    clock_tolerance_ns: int = 1_000_000_000
    """How far apart those two may be."""
    read_lag_ns: int = 0
    """How old a read may be; 0 where all clients ask one node."""

    def overdue_from_ns(self, expires_at_us: int) -> int:
        """Tell from which call time on a hold had surely run out, on the clients' clock."""
        if self.wall_offset_ns is None:
            return FOREVER
        return expires_at_us * 1_000 - self.wall_offset_ns + self.clock_tolerance_ns

    def maybe_overdue(self, expires_at_us: int, returned_ns: int) -> bool:
        """Tell whether a hold may have run out before an answer came."""
        if self.wall_offset_ns is None:
            return True
        return returned_ns + self.wall_offset_ns + self.clock_tolerance_ns >= expires_at_us * 1_000
