"""The checker by version: compares every answer with the state of its event at the answer's version.

Its time is linear in the length of the history, however much operations overlap. docs/model.md defines what is checked.
A quick pass (`sieve`) accepts what obviously keeps the rules; the rules themselves judge the rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TypeVar

from chaos.checkers.archive_rules import check_archives
from chaos.checkers.change_rules import check_changes
from chaos.checkers.channel_rules import check_channels
from chaos.checkers.choice_rules import check_choices
from chaos.checkers.decision_rules import check_decisions
from chaos.checkers.judged import JudgedEvent
from chaos.checkers.limit_rules import check_limit
from chaos.checkers.read_rules import check_reads
from chaos.checkers.report import Assumptions, Report
from chaos.checkers.sale_rules import check_sale
from chaos.checkers.sieve import EventSieve, sift
from chaos.checkers.special_seat_rules import check_special_seats
from chaos.checkers.time_order import check_time_order
from chaos.histories.columns import Columns, EventColumns, columns_of
from chaos.histories.compact_history import CompactHistory
from chaos.histories.database_rows import Change, Chart, DatabaseRows, ReservationRow
from chaos.histories.history import Operation
from chaos.histories.seat_log import SeatLog
from chaos.histories.uncollected import uncollected

Row = TypeVar("Row", Change, ReservationRow)


def check(operations: Iterable[Operation], rows: DatabaseRows, assumptions: Assumptions | None = None) -> Report:
    """Check a whole history.

    Args:
        operations: The history, settled (`settlement.settle`); fastest in the form that `read_history` returns.
        rows: The contents of the database at the end.
        assumptions: What may be assumed about the run.

    Raises:
        ValueError: for an operation that is not settled, or an unknown kind of answer.
    """
    with uncollected():
        history = CompactHistory.of(operations)
        judgement = _Judgement(rows, assumptions or Assumptions())
        judgement.report.operations = len(history)
        sieves = sift(history, judgement.log, judgement.assumptions)
        return judgement.of(_left_by(sieves, history))


def check_columns(columns: Columns, rows: DatabaseRows, assumptions: Assumptions) -> Report:
    """Check a history from `columns_of` without the quick pass: every answer by every rule, which takes longer."""
    with uncollected():
        judgement = _Judgement(rows, assumptions)
        judgement.report.operations = columns.operations
        return judgement.of(columns)


def _left_by(sieves: Mapping[str, EventSieve], history: CompactHistory) -> Columns:
    """Arrange the answers that the sieves left."""
    places = sorted(place for sieve in sieves.values() for place in sieve.left)
    columns = columns_of(history.at(places), places)
    for event, sieve in sieves.items():
        columns.events.setdefault(event, EventColumns()).sifted = sieve
    return columns


class _Judgement:
    """A check in progress: the database's rows by event, and the violations so far."""

    def __init__(self, rows: DatabaseRows, assumptions: Assumptions) -> None:
        self.assumptions = assumptions
        self.report = Report(log_entries=len(rows.changes))
        self._changes: dict[str, list[Change]] = _by_event(rows.changes)
        self._reservations: dict[str, list[ReservationRow]] = _by_event(rows.reservations)
        self._charts = {chart.event: chart for chart in rows.charts}
        self._are_claims_known = rows.claims is not None
        self._claims: dict[str, dict[str, str]] = defaultdict(dict)
        for claim in rows.claims or ():
            self._claims[claim.event][claim.seat] = claim.state
        self._logs: dict[str, SeatLog] = {}

    def log(self, event: str) -> SeatLog:
        """Return an event's log; it is replayed and judged on first use."""
        if event not in self._logs:
            complain = partial(self.report.add, event=event)
            chart = self._charts.get(event)
            self._logs[event] = SeatLog(
                self._changes.get(event, []),
                self._reservations.get(event, []),
                complain,
                has_special_seats=chart is not None and bool(chart.areas or chart.companions),
            )
        return self._logs[event]

    def of(self, columns: Columns) -> Report:
        """Apply every rule to the answers in these columns, and to the rows."""
        events = self._changes.keys() | self._reservations.keys() | self._claims.keys() | columns.events.keys()
        for event in sorted(events):
            log = self.log(event)
            claims = self._claims[event]
            if self._are_claims_known and log.last_states() != claims:
                complain = partial(self.report.add, event=event)
                _compare_claims(log.last_states(), claims, log.last_version, complain)
            answers = columns.events.get(event) or EventColumns()
            judged = JudgedEvent(event, log, answers, self.assumptions, self.report)
            check_time_order(judged)
            check_decisions(judged)
            check_changes(judged)
            chart = self._charts.get(event)
            check_choices(judged, chart=chart)
            check_special_seats(judged, chart)
            check_limit(judged, chart, self._changes.get(event, []))
            check_channels(judged)
            check_archives(judged, chart)
            check_sale(judged, chart or Chart(event, 0), self._changes.get(event, []))
            check_reads(judged, chart_seats=None if chart is None else chart.seats)
        return self.report


def _by_event(rows: list[Row]) -> dict[str, list[Row]]:
    events = [row.event for row in rows]
    if events and events.count(events[0]) == len(events):
        return {events[0]: rows}
    by_event: dict[str, list[Row]] = defaultdict(list)
    for event, row in zip(events, rows, strict=True):
        by_event[event].append(row)
    return by_event


def _compare_claims(expected: dict[str, str], found: dict[str, str], version: int, complain: "partial[None]") -> None:
    for seat in sorted(expected.keys() | found.keys()):
        if expected.get(seat) != found.get(seat):
            complain(
                "row_differs",
                version=version,
                text=f"the claim on seat {seat} is {found.get(seat)!r} where the log says {expected.get(seat)!r}",
            )
