"""The input and output of a check: assumptions about the run, and violations."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from chaos.histories.history import FOREVER

Rule: TypeAlias = Literal[
    "answered_while_archived",
    "archived_early",
    "area_named",
    "companion_alone",
    "double_sale",
    "early_expiry",
    "effect_nobody_asked",
    "extension_limit",
    "kept_back",
    "key_made_two",
    "late_resolution",
    "log_transition",
    "lost_write",
    "missing_version",
    "outside_sale",
    "purchase_limit",
    "repeated_version",
    "row_differs",
    "seller_confirms",
    "stale_read",
    "time_order",
    "wrong_choice",
    "wrong_refusal",
    "wrong_replay",
    "wrong_resolution",
]
"""docs/model.md describes each rule."""

VIOLATIONS_MAX = 100
"""Beyond this number per rule, violations are counted but not kept."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule; `place` is the index of the wrong answer in the history, or None if the log itself is wrong."""

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
        """The number of violations."""
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
    """What may be assumed about the run."""

    complete: bool = True
    """The history contains every request for these events, so an effect that nobody requested is an error."""
    wall_offset_ns: int | None = None
    """Offset from the clients' monotonic clock to PostgreSQL's time (ns since 1970); None: not comparable."""
    clock_tolerance_ns: int = 1_000_000_000
    """Tolerance when the two are compared."""
    read_lag_ns: int = 0
    """How old a read may be; 0 if all clients use one node."""
    extensions_max: int = 2
    """How often a hold may be extended (`HOLD_EXTENSIONS_MAX`)."""

    def overdue_from_ns(self, expires_at_us: int) -> int:
        """Return the time, on the clients' clock, from which a hold has certainly expired."""
        if self.wall_offset_ns is None:
            return FOREVER
        return expires_at_us * 1_000 - self.wall_offset_ns + self.clock_tolerance_ns

    def maybe_overdue(self, expires_at_us: int, returned_ns: int) -> bool:
        """Return whether a hold may have expired before an answer arrived."""
        if self.wall_offset_ns is None:
            return True
        return returned_ns + self.wall_offset_ns + self.clock_tolerance_ns >= expires_at_us * 1_000
