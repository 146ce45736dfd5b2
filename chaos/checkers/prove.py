"""The proof of a run: settle its history, check it by version and by search, and test the checker on it.

    python -m chaos.checkers.prove ROWS HISTORY [HISTORY …]

ROWS is what `DatabaseRows.save` wrote after the run, each HISTORY what a `Recorder` wrote. Exit status 0: proved.
"""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chaos.checkers.report import Assumptions, Report
from chaos.checkers.search_checker import SearchReport, check_by_search, sample
from chaos.checkers.self_test import SelfTestReport, self_test
from chaos.checkers.traced_checker import check
from chaos.histories.compact_history import CompactHistory
from chaos.histories.database_rows import DatabaseRows
from chaos.histories.history import Operation, read_history, wall_offset_ns
from chaos.histories.kept_back import CHANNEL_KINDS
from chaos.histories.settlement import settle

SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Proof:
    """The results of all three."""

    report: Report
    searched: SearchReport
    tested: SelfTestReport
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether the history has no violation and the checker found every injected error."""
        return not self.report.violations_count and not self.searched.illegal and self.tested.passed

    def lines(self) -> list[str]:
        """Describe the result in words."""
        injected = ", ".join(
            f"{kind} {self.tested.found[kind]} of {count}" for kind, count in self.tested.injected.items()
        )
        return [
            f"{self.report.operations} operations, {self.report.log_entries} log entries, {self.seconds:.1f} s",
            f"by version: {self.report.violations_count} violations",
            *(f"  {violation}" for violation in self.report.violations[:SHOWN_MAX]),
            (
                f"by search: {self.searched.seats} seats, {self.searched.steps} steps, "
                f"{len(self.searched.illegal)} illegal, {self.searched.unknown} unknown"
            ),
            *(f"  {line}" for line in self.searched.illegal[:SHOWN_MAX]),
            f"faults injected and found: {injected}",
            *(f"  missed: {line}" for line in self.tested.missed[:SHOWN_MAX]),
            "PROVED" if self.holds else "NOT PROVED",
        ]


def prove(
    operations: Iterable[Operation],
    rows: DatabaseRows,
    assumptions: Assumptions | None = None,
    *,
    seed: int = 0,
    searched_seats: int = 200,
) -> Proof:
    """Check a history, settled or not, in all three ways.

    Raises:
        ValueError: for an unknown kind of answer.
    """
    started = time.perf_counter()
    history = settle(CompactHistory.of(operations).in_order_of_return(), rows.reservations)
    report = check(history, rows, assumptions)
    # The other checkers iterate over it many times.
    told = list(history)
    searchable = _without_channels(told, rows)
    return Proof(
        report=report,
        searched=check_by_search(
            searchable, rows.reservations, assumptions, seats=sample(searchable, seats=searched_seats, seed=seed)
        ),
        tested=self_test(told, rows, assumptions, seed=seed),
        seconds=time.perf_counter() - started,
    )


def _without_channels(operations: list[Operation], rows: DatabaseRows) -> list[Operation]:
    """Leave out events that have had channels: whether a seat was kept back, the search cannot know."""
    events = {change.event for change in rows.changes if change.kind in CHANNEL_KINDS}
    return [one for one in operations if one.event not in events] if events else operations


def main() -> int:
    """Prove a run from its files."""
    parser = ArgumentParser(prog="python -m chaos.checkers.prove", description="Prove a recorded run.")
    parser.add_argument("rows", type=Path, help="the database's rows after the run")
    parser.add_argument("history", type=Path, nargs="+", help="what the clients recorded")
    parser.add_argument("--seed", type=int, default=0, help="which faults are injected, which seats are searched")
    parser.add_argument(
        "--read-lag-seconds", type=float, default=0.0, help="how old a read may be (1 with several nodes)"
    )
    parser.add_argument("--partial", action="store_true", help="the histories do not hold every request of the run")
    given = parser.parse_args()
    assumptions = Assumptions(
        complete=not given.partial,
        wall_offset_ns=wall_offset_ns(given.history[0]),
        read_lag_ns=int(given.read_lag_seconds * 1e9),
    )
    proof = prove(read_history(*given.history), DatabaseRows.load(given.rows), assumptions, seed=given.seed)
    sys.stdout.write("\n".join(proof.lines()) + "\n")
    return 0 if proof.holds else 1


if __name__ == "__main__":
    sys.exit(main())
