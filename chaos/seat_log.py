"""The log of one event, replayed: what was true at every version, and whether the log itself keeps the rules."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Protocol

from chaos.database_rows import Change, ReservationRow
from chaos.history import FOREVER, held, sold
from chaos.report import Rule

LATEST = FOREVER - 1
"""A version after every other."""


class Complain(Protocol):
    """Takes a broken rule, the version and a sentence."""

    def __call__(self, rule: Rule, *, version: int, text: str) -> None:
        """Note it."""
        ...


class SeatLog:
    """Every state of the seats and reservations of one event, by version.

    `created`, `confirmed`, `cancelled` and `expired` map reservations to the version at which that happened; `ended`
    is the last three together. `wanted` and `wishes` are a reservation's seats by the log, and its user, key and seats
    by its row.
    """

    def __init__(self, changes: Sequence[Change], reservations: Iterable[ReservationRow], complain: Complain) -> None:
        self.rows = {row.id: row for row in reservations}
        self.wishes = {row.id: (row.user, row.key, row.seats) for row in self.rows.values()}
        self.created: dict[str, int] = {}
        self.confirmed: dict[str, int] = {}
        self.cancelled: dict[str, int] = {}
        self.expired: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.wanted: dict[str, tuple[str, ...]] = {}
        self.taken_counts: list[int] = [0]
        """How many seats were taken, by version."""
        self.last_seats_added = 0
        self.late: set[str] = set()
        """Holds whose end was decided at or after the time they ran out."""
        self.timelines: dict[str, tuple[array[int], list[str]]] = {}
        """For each seat that was ever taken the versions at which its state changed, and the states from there on."""
        self._complain = complain
        self._endings = {"confirmed": self.confirmed, "cancelled": self.cancelled, "expired": self.expired}
        self._replay(sorted(changes, key=attrgetter("version")))
        self._compare_rows()

    @property
    def last_version(self) -> int:
        """The event's version at the end."""
        return len(self.taken_counts) - 1

    def state(self, seat: str, version: int) -> str:
        """Tell the state of a seat at a version: free (`""`), held or sold."""
        timeline = self.timelines.get(seat)
        if timeline is None:
            return ""
        return timeline[1][bisect_right(timeline[0], version) - 1]

    def status(self, reservation: str, version: int) -> str:
        """Tell the status of a reservation at a version; empty before it was made."""
        if self.created.get(reservation, FOREVER) > version:
            return ""
        if self.ended.get(reservation, FOREVER) > version:
            return "pending"
        return next(status for status, ended in self._endings.items() if reservation in ended)

    def status_last(self, reservation: str) -> str:
        """Tell the status of a reservation at the end."""
        return self.status(reservation, LATEST)

    def version_of(self, reservation: str, verb: str) -> int:
        """Tell when a reservation was made or ended."""
        return (self.created if verb == "made" else self.ended)[reservation]

    def last_states(self) -> dict[str, str]:
        """Give the final state of every seat that is taken."""
        return {seat: states[-1] for seat, (_, states) in self.timelines.items() if states[-1]}

    def steps(self) -> list[tuple[int, str, str]]:
        """Give every change of a seat's state as (version, seat, state), by version."""
        return sorted(
            (version, seat, state)
            for seat, (versions, states) in self.timelines.items()
            for version, state in zip(versions, states, strict=True)
        )

    def _replay(self, changes: Sequence[Change]) -> None:
        last = taken = 0
        taken_counts, endings = self.taken_counts, self._endings
        for change in changes:
            version, kind = change.version, change.kind
            if version != last + 1:
                self._judge_jump(last, version)
                if version <= last:
                    continue
                taken_counts.extend([taken] * (version - last - 1))
            last = version
            if kind == "reserved":
                taken += self._hold(change)
            elif kind in endings:
                taken -= self._end(change)
            elif kind == "seats_added":
                self.last_seats_added = version
            taken_counts.append(taken)

    def _judge_jump(self, last: int, version: int) -> None:
        if version <= last:
            self._complain("repeated_version", version=version, text="the log has two entries of this version")
        else:
            self._complain("missing_version", version=last + 1, text=f"the log goes on with version {version}")

    def _hold(self, change: Change) -> int:
        version, reservation, seats = change.version, change.reservation, change.seats
        if reservation in self.created:
            self._complain("log_transition", version=version, text=f"reservation {reservation} is made again")
            return 0
        self.created[reservation] = version
        self.wanted[reservation] = seats
        state = held(reservation)
        timelines = self.timelines
        for seat in seats:
            timeline = timelines.get(seat)
            if timeline is None:
                timelines[seat] = (array("q", (0, version)), ["", state])
                continue
            versions, states = timeline
            if states[-1]:
                text = f"seat {seat} goes to reservation {reservation} while it is {states[-1]}"
                self._complain("double_sale", version=version, text=text)
            versions.append(version)
            states.append(state)
        return len(seats)

    def _end(self, change: Change) -> int:
        version, reservation, kind = change.version, change.reservation, change.kind
        if reservation not in self.created or reservation in self.ended:
            status = self.status(reservation, version) or "not made"
            self._complain("log_transition", version=version, text=f"reservation {reservation}: {status} to {kind}")
            return 0
        self._endings[kind][reservation] = self.ended[reservation] = version
        self._judge_time(change)
        before = held(reservation)
        after = sold(reservation) if kind == "confirmed" else ""
        for seat in self.wanted[reservation]:
            versions, states = self.timelines[seat]
            if states[-1] == before:
                versions.append(version)
                states.append(after)
        return 0 if after else len(self.wanted[reservation])

    def _judge_time(self, change: Change) -> None:
        """An expiry is legal only once the hold has run out, a sale or cancellation only before."""
        row = self.rows.get(change.reservation)
        if row is None:
            return
        ran_out = change.at_us >= row.expires_at_us
        if ran_out:
            self.late.add(row.id)
        if change.kind == "expired" and not ran_out:
            self._complain("early_expiry", version=change.version, text=f"hold {row.id} expires before its time")
        elif change.kind != "expired" and ran_out:
            self._complain(
                "late_resolution", version=change.version, text=f"{row.id} is {change.kind} after it ran out"
            )

    def _compare_rows(self) -> None:
        """Each reservation's row says what its entries say, each entry has its row, and a key made one of them."""
        if len({wish[:2] for wish in self.wishes.values()}) != len(self.wishes):
            self._complain("key_made_two", version=0, text="a user's key has two reservations")
        for reservation, version in self.created.items():
            row = self.rows.get(reservation)
            if row is None:
                self._complain("lost_write", version=version, text=f"reservation {reservation} has no row")
                continue
            if not self._agrees(row, version):
                found = f"{row.status}, versions {row.created_version}, {row.changed_version}, {len(row.seats)} seats"
                text = f"the row of {reservation} ({found}) is not what the log says"
                self._complain("row_differs", version=row.changed_version, text=text)
        for reservation in self.rows.keys() - self.created.keys():
            self._complain("row_differs", version=0, text=f"reservation {reservation} is not in the log")

    def _agrees(self, row: ReservationRow, created_version: int) -> bool:
        reservation = row.id
        endings = self._endings.get(row.status)
        is_status = reservation in endings if endings is not None else reservation not in self.ended
        return (
            is_status
            and row.created_version == created_version
            and row.changed_version == self.ended.get(reservation, created_version)
            and row.seats == self.wanted[reservation]
        )
