"""A history that is known to be good, into which errors are injected to test a checker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from chaos.checkers.report import Report
from chaos.histories.database_rows import Change, Chart, DatabaseRows, ReservationRow
from chaos.histories.history import NO_VERSION, Operation
from chaos.histories.seat_log import SeatLog


@dataclass(slots=True)
class Specimen:
    """One event's history and rows; `complete`: it contains every request that was made."""

    operations: Sequence[Operation]
    rows: DatabaseRows
    complete: bool
    log: SeatLog = field(init=False)

    def __post_init__(self) -> None:
        report = Report()
        self.log = SeatLog(
            self.rows.changes,
            self.rows.reservations,
            lambda rule, *, version, text: report.add(rule, "", version, text),
        )

    def having(self, *answers: str) -> list[int]:
        """Find the operations with one of these answers and a version."""
        return [
            place
            for place, operation in enumerate(self.operations)
            if operation.answer in answers and operation.version != NO_VERSION
        ]

    def with_operation(self, place: int, operation: Operation) -> "Mutant":
        """Replace one operation."""
        operations = list(self.operations)
        operations[place] = operation
        return operations, self.rows

    def rows_with(
        self,
        *,
        changes: list[Change] | None = None,
        reservations: list[ReservationRow] | None = None,
        charts: list[Chart] | None = None,
    ) -> DatabaseRows:
        """Replace rows. The claims are left out, since they would have to be replaced as well."""
        return DatabaseRows(
            self.rows.changes if changes is None else changes,
            self.rows.reservations if reservations is None else reservations,
            self.rows.charts if charts is None else charts,
        )


Mutant: TypeAlias = tuple[Sequence[Operation], DatabaseRows]
Mutation: TypeAlias = Callable[[Specimen, Random], Mutant | None]
