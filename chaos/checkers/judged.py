"""One event being judged: its log, the answers about it, the assumptions about the run, and the list of violations."""

from dataclasses import dataclass
from typing import Any

from chaos.checkers.report import Assumptions, Report, Rule
from chaos.histories.columns import EventColumns, Table
from chaos.histories.operation import FOREVER
from chaos.histories.seat_log import SeatLog


@dataclass(frozen=True, slots=True)
class JudgedEvent:
    """What the rules are applied to."""

    event: str
    log: SeatLog
    answers: EventColumns
    assumptions: Assumptions
    report: Report

    def complain(self, rule: Rule, table: Table[Any], row: int, text: str) -> None:
        """Record that an answer broke a rule."""
        self.report.add(rule, self.event, table.versions[row], text, table.places[row])

    def free_by_time(self, state: str, returned_ns: int) -> bool:
        """Return whether a seat in this state may read as free because its hold may have expired."""
        word, _, reservation = state.partition(" ")
        return word == "held" and self.overdue_by_time(reservation, returned_ns)

    def opened_later(self, version: int) -> bool:
        """Return whether an opening came after a version. A seat reads as free from its time on, recorded or not."""
        return self.log.last_opening > version

    def overdue_by_time(self, reservation: str, returned_ns: int) -> bool:
        """Return whether this hold may have expired before an answer arrived."""
        row = self.log.rows.get(reservation)
        return row is not None and self.assumptions.maybe_overdue(row.expires_at_us, returned_ns)

    def expired_until_us(self, returned_ns: int) -> int:
        """Return the time up to which holds may have expired before an answer arrived."""
        if self.assumptions.wall_offset_ns is None:
            return FOREVER
        return (returned_ns + self.assumptions.wall_offset_ns + self.assumptions.clock_tolerance_ns) // 1_000
