"""The test of the checker itself: errors are injected into the history being judged, and every one must be found.

A checker that misses one proves nothing, so this runs with every check (`python -m chaos.checkers.prove`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from random import Random

from chaos.checkers.report import Assumptions, Report, Rule, Violation
from chaos.checkers.traced_checker import check
from chaos.histories.database_rows import DatabaseRows
from chaos.histories.history import Operation
from chaos.mutations.every import MUTATIONS, rows_as_of
from chaos.mutations.specimen import Specimen

OPERATIONS_MAX = 4_000
"""Of longer histories only a part is used, because each injected error costs one check."""


@dataclass(slots=True)
class SelfTestReport:
    """How many errors of each kind were injected and found."""

    injected: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every error was found, and every kind injected that can be injected into any history."""
        return not self.missed and all(
            self.injected[kind] for kind, family in MUTATIONS.items() if family.found_in == "every history"
        )


def self_test(
    operations: Sequence[Operation],
    rows: DatabaseRows,
    assumptions: Assumptions | None = None,
    *,
    seed: int,
    rounds: int = 10,
) -> SelfTestReport:
    """Inject errors of every kind, `rounds` times each, and check after each.

    Args:
        operations: A settled history that the checker accepts; violations that it reports already do not count.
        rows: The rows at its end.
        assumptions: What may be assumed about the run.
        seed: The same seed injects the same errors.
        rounds: How often each kind is injected.
    """
    given = assumptions or Assumptions()
    specimen = specimen_of(operations, rows, complete=given.complete)
    given = replace(given, complete=specimen.complete)
    known = set(check(specimen.operations, specimen.rows, given).violations)
    report = SelfTestReport()
    for kind, family in MUTATIONS.items():
        for (mutate, rule), number in product(family.ways, range(rounds)):
            name = f"{kind} ({mutate.__name__}, seed {seed}, round {number})"
            mutant = mutate(specimen, Random(name))  # noqa: S311 - the same seed, the same faults
            if mutant is None:
                continue
            report.injected[kind] += 1
            if _newly_broken(rule, check(*mutant, given), known):
                report.found[kind] += 1
            else:
                report.missed.append(name)
    return report


def _newly_broken(rule: Rule, report: Report, known: set[Violation]) -> bool:
    return any(violation.rule == rule and violation not in known for violation in report.violations)


def specimen_of(operations: Sequence[Operation], rows: DatabaseRows, *, complete: bool) -> Specimen:
    """Take the beginning of one event's history, small enough to be checked hundreds of times."""
    most = Counter(operation.event for operation in operations).most_common(1)
    event = most[0][0] if most else ""
    changes = [change for change in rows.changes if change.event == event]
    reservations = [row for row in rows.reservations if row.event == event]
    chosen = [operation for operation in operations if operation.event == event]
    cut = len(chosen) > OPERATIONS_MAX
    if cut:
        chosen = chosen[:OPERATIONS_MAX]
        last = max((operation.version for operation in chosen), default=0)
        changes = [change for change in changes if change.version <= last]
        reservations = rows_as_of(reservations, last)
    charts = [chart for chart in rows.charts if chart.event == event]
    return Specimen(
        chosen, DatabaseRows(changes=changes, reservations=reservations, charts=charts), complete and not cut
    )
