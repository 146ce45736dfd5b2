"""The checker by version: every answer is held against the state of its event at the version that it carries.

Linear in the history, whatever the overlap of its operations. docs/model.md says exactly what is checked.
"""

import gc
from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from chaos.columns import Columns, EventColumns, columns_of
from chaos.database_rows import Change, DatabaseRows, ReservationRow
from chaos.decision_rules import check_decisions
from chaos.history import Operation
from chaos.judged import JudgedEvent
from chaos.read_rules import check_reads
from chaos.report import Assumptions, Report
from chaos.seat_log import SeatLog
from chaos.time_order import check_time_order


def check(operations: Iterable[Operation], rows: DatabaseRows, assumptions: Assumptions | None = None) -> Report:
    """Check a whole history.

    Args:
        operations: The history, settled (`settlement.settle`).
        rows: What the database holds at the end.
        assumptions: What is known of the run.

    Raises:
        ValueError: for an operation that is not settled, or an answer that is not known.
    """
    return check_columns(columns_of(operations), rows, assumptions or Assumptions())


def check_columns(columns: Columns, rows: DatabaseRows, assumptions: Assumptions) -> Report:
    """Check a history that has been arranged by `columns_of`."""
    # Nothing here makes a cycle, and looking for some among millions of objects would take half of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _check(columns, rows, assumptions)
    finally:
        if collecting:
            gc.enable()


def _check(columns: Columns, rows: DatabaseRows, assumptions: Assumptions) -> Report:
    report = Report(operations=columns.operations, log_entries=len(rows.changes))
    changes: dict[str, list[Change]] = defaultdict(list)
    for change in rows.changes:
        changes[change.event].append(change)
    reservations: dict[str, list[ReservationRow]] = defaultdict(list)
    for row in rows.reservations:
        reservations[row.event].append(row)
    charts = {chart.event: chart.seats for chart in rows.charts}
    claims: dict[str, dict[str, str]] = defaultdict(dict)
    for claim in rows.claims or ():
        claims[claim.event][claim.seat] = claim.state
    for event in sorted(changes.keys() | reservations.keys() | claims.keys() | columns.events.keys()):
        complain = partial(report.add, event=event)
        log = SeatLog(changes[event], reservations[event], complain)
        if rows.claims is not None and log.last_states() != claims[event]:
            _compare_claims(log.last_states(), claims[event], log.last_version, complain)
        judged = JudgedEvent(event, log, columns.events.get(event) or EventColumns(), assumptions, report)
        check_time_order(judged)
        check_decisions(judged)
        check_reads(judged, chart_seats=charts.get(event))
    return report


def _compare_claims(expected: dict[str, str], found: dict[str, str], version: int, complain: "partial[None]") -> None:
    for seat in sorted(expected.keys() | found.keys()):
        if expected.get(seat) != found.get(seat):
            complain(
                "row_differs",
                version=version,
                text=f"the claim on seat {seat} is {found.get(seat)!r} where the log says {expected.get(seat)!r}",
            )
