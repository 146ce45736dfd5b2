import sys
from pathlib import Path

# The proof tools are not part of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import pytest
from chaos.checkers.report import Assumptions
from chaos.checkers.search_checker import check_by_search
from chaos.checkers.traced_checker import check
from chaos.histories.database_rows import Change, Chart, ClaimRow, DatabaseRows, ReservationRow
from chaos.histories.history import FOREVER, Operation, held, sold
from chaos.histories.settlement import settle
from msgspec.structs import replace

RUNS_OUT_US = 1_000


class Story:
    """A history written by hand: the log, and the clients' answers. One event `e` with seats a, b, c.

    Holds expire at 1,000 µs; the clients and the database use the same clock.
    """

    def __init__(self):
        self.changes = [Change("e", 1, "seats_added", "", (), 0)]
        self.rows = {}
        self.operations = []
        self.claims = {}
        self.chart = Chart("e", 3)

    @property
    def version(self):
        return self.changes[-1].version

    def held(self, reservation, *seats, user="ann", key=None, at_us=0):
        """The log assigns seats to a reservation."""
        version = self._log("reserved", reservation, seats, at_us)
        wish = (user, key or f"key of {reservation}", seats)
        self.rows[reservation] = ReservationRow(reservation, "e", *wish, "pending", "", RUNS_OUT_US, version, version)
        self.claims |= dict.fromkeys(seats, held(reservation))
        return version

    def ended(self, reservation, how, at_us=10):
        """The log ends a hold: `confirmed`, `cancelled` or `expired`."""
        row = self.rows[reservation]
        version = self._log(how, reservation, row.seats, at_us)
        reason = {"confirmed": "", "cancelled": "user", "expired": "expired"}[how]
        self.rows[reservation] = replace(row, status=how, cancel_reason=reason, changed_version=version)
        for seat in row.seats:
            self.claims[seat] = sold(reservation)
            if how != "confirmed":
                del self.claims[seat]
        return version

    def answered(self, kind, answer, *, version=-1, at=None, **what):
        """A client was answered `answer`, called and returned at the two times of `at` (ns)."""
        called, returned = at or (10 * len(self.operations), 10 * len(self.operations) + 5)
        ok = answer in ("created", "replayed", "done", "seen")
        outcome = "info" if returned == FOREVER else "ok" if ok else "fail"
        what.setdefault("user", "ann")
        if kind == "reserve":
            what.setdefault("key", f"key of {what.get('reservation', '')}")
        self.operations.append(
            Operation(
                process=len(self.operations),
                kind=kind,
                event="e",
                called_ns=called,
                returned_ns=returned,
                outcome=outcome,
                answer=answer,
                version=version,
                **what,
            )
        )

    def hold(self, reservation, *seats, at=None, user="ann"):
        """A hold in the log, with its answer to the client."""
        version = self.held(reservation, *seats, user=user)
        self.answered("reserve", "created", version=version, reservation=reservation, seats=seats, user=user, at=at)
        return version

    def end(self, reservation, how, *, at=None, at_us=10):
        """A confirmation or cancellation in the log, with its answer to the client."""
        version = self.ended(reservation, how, at_us)
        kind = {"confirmed": "confirm", "cancelled": "cancel"}[how]
        self.answered(kind, "done", version=version, reservation=reservation, at=at)
        return version

    def database(self):
        return DatabaseRows(
            changes=self.changes,
            reservations=list(self.rows.values()),
            charts=[self.chart],
            claims=[ClaimRow("e", seat, state) for seat, state in self.claims.items()],
        )

    def rules_broken(self, **assumptions):
        given = Assumptions(**{"wall_offset_ns": 0, "clock_tolerance_ns": 0} | assumptions)
        return check(settle(self.operations, self.rows.values()), self.database(), given).rules_broken

    def searched(self):
        given = Assumptions(wall_offset_ns=0, clock_tolerance_ns=0)
        return check_by_search(settle(self.operations, self.rows.values()), self.rows.values(), given)

    def _log(self, kind, reservation, seats, at_us):
        self.changes.append(Change("e", self.version + 1, kind, reservation, seats, at_us))
        return self.version


@pytest.fixture
def story():
    return Story()
