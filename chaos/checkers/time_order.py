"""Real-time order by version: if one operation returned before another was called, its version is not later."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from chaos.checkers.judged import JudgedEvent
from chaos.histories.columns import Table
from chaos.histories.history import FOREVER, NO_VERSION


def check_time_order(judged: JudgedEvent) -> None:
    """Check that no version is beyond the log's end, and that decisions and reads follow real time."""
    last = judged.log.last_version
    decisions, reads = judged.answers.decisions(), judged.answers.reads()
    for table in (*decisions, *reads):
        _check_versions(judged, table, last)
    if not any((*decisions, *reads)):
        return
    sifted = judged.answers.sifted
    seen = sifted.first_seen.tolist() if sifted else _first_seen((*decisions, *reads), last)
    earliest = _EarliestReturns(seen, last)
    created = judged.answers.created
    for table in decisions:
        for row in earliest.misplaced(table, effects=table is created):
            judged.complain(
                "time_order", table, row, "a version not before this answer's was seen before it was called"
            )
    for table in reads:
        for row in earliest.misplaced(table, lag_ns=judged.assumptions.read_lag_ns):
            judged.complain("time_order", table, row, "a later version had been seen before this read was called")


def _check_versions(judged: JudgedEvent, table: Table[Any], last: int) -> None:
    if not table or (min(table.versions) >= 0 and max(table.versions) <= last):
        return
    may_lack = table is judged.answers.refused["reservation_not_found"]
    for row, version in enumerate(table.versions):
        if version > last:
            judged.complain("lost_write", table, row, f"it saw version {version}, and the log ends at {last}")
        elif version < 0 and not may_lack:
            judged.complain("missing_version", table, row, "the answer carries no version")


def _first_seen(tables: Iterable[Table[Any]], last_version: int) -> list[int]:
    """Find, for each version, the time at which an answer first had it or a later one."""
    earliest = [FOREVER] * (last_version + 1)
    for table in tables:
        # Only an answer with a later version than all previous rows of the table can be the first with that version.
        newest = NO_VERSION
        for version, returned in zip(table.versions, table.returns, strict=True):
            if newest < version <= last_version:
                newest = version
                earliest[version] = min(earliest[version], returned)
    return list(accumulate(reversed(earliest), min))[::-1]


class _EarliestReturns:
    """The time from which an answer is too old, by version."""

    def __init__(self, first_seen: Sequence[int], last_version: int) -> None:
        self._last_version = last_version
        # A version that was never seen is not too old; nor is the last one, nor (index -1) an answer without a version.
        self._from = array("q", first_seen)
        self._from.extend([FOREVER] * (last_version + 2 - len(first_seen)))
        self._after = self._from[1:] + array("q", (FOREVER,))

    def misplaced(self, table: Table[Any], *, effects: bool = False, lag_ns: int = 0) -> Iterator[int]:
        """Find rows called after an answer with a later version had arrived.

        Args:
            table: The answers to judge.
            effects: Each row made its version, so an earlier answer with the same version is just as wrong.
            lag_ns: How old an answer may be.
        """
        bounds = self._from if effects else self._after
        versions = table.versions
        if max(versions, default=0) > self._last_version:
            versions = array("q", (min(version, self._last_version) for version in versions))
        for row, (version, called) in enumerate(zip(versions, table.calls, strict=True)):
            if bounds[version] < called - lag_ns:
                yield row
