"""The lifetimes of one event's reservations, by the log and by their rows, which must agree."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from chaos.checkers.report import Rule
from chaos.histories.database_rows import ReservationRow
from chaos.histories.operation import FOREVER

ENDINGS = frozenset(("confirmed", "cancelled", "expired"))


class Complain(Protocol):
    """Takes a broken rule, the version and a sentence."""

    def __call__(self, rule: Rule, *, version: int, text: str) -> None:
        """Note it."""
        ...


class Life(NamedTuple):
    """The lifetime of one reservation, by the log."""

    made: int
    """The version at which it was made; `ended` is the one of its end."""
    ended: int
    status: str
    seats: tuple[str, ...]


class Lives:
    """The reservations of a log, numbered from 0 in the order in which they were made.

    Every list has one item per reservation, so that a check of all of them reads contiguous memory.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.made: list[int] = []
        """The version at which it was made; `ended` is the one of its end, FOREVER while it is pending."""
        self.ended: list[int] = []
        self.ended_at_us: list[int] = []
        self.statuses: list[str] = []
        self.seats: list[tuple[str, ...]] = []
        """The seats that it has at the end, or had when it ended."""
        self.first_seats: list[tuple[str, ...]] = []
        self.extended: dict[int, list[int]] = {}
        """The versions that extended it, of those that were extended."""
        self.reseated: dict[int, list[tuple[int, tuple[str, ...]]]] = {}
        """The versions that gave it other seats, and the seats that it had from then on."""
        self.rows: list[ReservationRow | None] = []
        """Its row at the end."""
        self.overdue: list[int] = []
        """Holds that may have outlived their expiry: pending at the end, or ended at or after that time."""

    def add(self, reservation: str, version: int, seats: tuple[str, ...]) -> int | None:
        """Add a new reservation; returns its number, or None if its id exists already."""
        number = len(self.made)
        if self.numbers.setdefault(reservation, number) != number:
            return None
        self.made.append(version)
        self.ended.append(FOREVER)
        self.ended_at_us.append(0)
        self.statuses.append("pending")
        self.seats.append(seats)
        self.first_seats.append(seats)
        return number

    def reseat(self, number: int, version: int, seats: tuple[str, ...]) -> None:
        """Record other seats of a reservation."""
        self.reseated.setdefault(number, []).append((version, seats))
        self.seats[number] = seats

    def seats_at(self, number: int, version: int) -> tuple[str, ...]:
        """Return the seats that a reservation had at a version at or after its beginning."""
        seats = self.first_seats[number]
        for since, later in self.reseated.get(number, ()):
            if since <= version:
                seats = later
        return seats

    def changed(self, number: int) -> int:
        """Return the last version that changed a reservation."""
        if self.ended[number] != FOREVER:
            return self.ended[number]
        versions: list[int] = [self.made[number]]
        versions += self.extended.get(number, [])
        versions += [version for version, _ in self.reseated.get(number, [])]
        return max(versions)

    def end(self, number: int, version: int, at_us: int, status: str) -> None:
        """Record the end of a reservation."""
        self.ended[number] = version
        self.ended_at_us[number] = at_us
        self.statuses[number] = status

    def get(self, reservation: str) -> Life | None:
        """Return the lifetime of one; None if it was never made."""
        number = self.numbers.get(reservation)
        if number is None:
            return None
        return Life(self.made[number], self.ended[number], self.statuses[number], self.seats[number])

    def values(self) -> Iterator[Life]:
        """Return all lifetimes."""
        return map(Life, self.made, self.ended, self.statuses, self.seats)

    def compare_rows(self, rows: Sequence[ReservationRow], complain: Complain) -> None:
        """Each reservation's row says what its entries say, each entry has its row, and a key made one of them."""
        # Users make their own keys, so usually the keys alone differ, which is faster to find out.
        if len({row.key for row in rows}) != len(rows) and len({(row.user, row.key) for row in rows}) != len(rows):
            complain("key_made_two", version=0, text="a user's key has two reservations")
        self.rows = [None] * len(self.made)
        for number, row in zip(map(self.numbers.get, [row.id for row in rows]), rows, strict=True):
            if number is None:
                complain("row_differs", version=0, text=f"reservation {row.id} is not in the log")
            else:
                self.rows[number] = row
        stored = [row for row in self.rows if row is not None]
        if len(stored) != len(rows) or len(stored) != len(self.rows) or not self._is_told_by(stored):
            self._compare_each(rows, complain)
        self._judge_times(complain)

    def _is_told_by(self, rows: Sequence[ReservationRow]) -> bool:
        """Return whether the rows, in the order of their numbers, agree with the log."""
        if self.extended or self.reseated:
            return False
        changed = [made if ended == FOREVER else ended for made, ended in zip(self.made, self.ended, strict=True)]
        return (
            [row.created_version for row in rows] == self.made
            and [row.changed_version for row in rows] == changed
            and [row.seats for row in rows] == self.seats
            and [row.status for row in rows] == self.statuses
        )

    def _compare_each(self, rows: Iterable[ReservationRow], complain: Complain) -> None:
        for row in rows:
            life = self.get(row.id)
            if life is None:
                continue
            number = self.numbers[row.id]
            reseated = number in self.reseated
            if not (
                row.created_version == life.made
                and row.changed_version == self.changed(number)
                and (set(row.seats) == set(life.seats) if reseated else row.seats == life.seats)
                and row.extensions == len(self.extended.get(number, ()))
                and (row.status == life.status or (life.ended == FOREVER and row.status not in ENDINGS))
            ):
                said = f"{row.status}, versions {row.created_version}, {row.changed_version}, {len(row.seats)} seats"
                text = f"the row of {row.id} ({said}) is not what the log says"
                complain("row_differs", version=row.changed_version, text=text)
        for reservation, made, stored in zip(self.numbers, self.made, self.rows, strict=True):
            if stored is None:
                complain("lost_write", version=made, text=f"reservation {reservation} has no row")

    def _judge_times(self, complain: Complain) -> None:
        """An expiry is legal only after the hold's end, a sale or cancellation only before it."""
        runs_out_at_us = np.array([FOREVER if row is None else row.expires_at_us for row in self.rows], np.int64)
        ended = np.array(self.ended, np.int64) < FOREVER
        ran_out = ended & (np.array(self.ended_at_us, np.int64) >= runs_out_at_us)
        open_at_end = np.array([row is not None and row.status == "pending" for row in self.rows], np.bool_)
        self.overdue = np.flatnonzero(ran_out | open_at_end).tolist()
        expired = np.array([status == "expired" for status in self.statuses], np.bool_)
        for number in np.flatnonzero(ended & (ran_out != expired)).tolist():
            row, status, version = self.rows[number], self.statuses[number], self.ended[number]
            if row is None:
                continue
            if expired[number]:
                complain("early_expiry", version=version, text=f"hold {row.id} expires before its time")
            else:
                complain("late_resolution", version=version, text=f"{row.id} is {status} after it ran out")
