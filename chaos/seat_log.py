"""The log of one event, replayed: what was true at every version, and whether the log itself keeps the rules."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Protocol

import msgspec

from chaos.database_rows import Change, ReservationRow
from chaos.history import FOREVER, held, sold
from chaos.report import Rule

LATEST = FOREVER - 1
"""A version after every other."""
_ENDINGS = frozenset(("confirmed", "cancelled", "expired"))


class Complain(Protocol):
    """Takes a broken rule, the version and a sentence."""

    def __call__(self, rule: Rule, *, version: int, text: str) -> None:
        """Note it."""
        ...


class Life(msgspec.Struct, gc=False):
    """What became of one reservation, by the log. `claim` is the state of its seats while it is held."""

    made: int
    """The version at which it was made; `ended` is the one of its end."""
    seats: tuple[str, ...]
    numbers: tuple[int, ...]
    """Of its seats (`SeatLog.numbers`)."""
    claim: str
    ended: int = FOREVER
    ended_at_us: int = 0
    status: str = "pending"
    row: ReservationRow | None = None
    made_told: bool = False
    """Whether an answer called it new, and (`end_told`) one told of its sale or cancellation, as `sieve` saw it."""
    end_told: bool = False


class SeatLog:
    """Every state of the seats and reservations of one event, by version.

    `lives` has every reservation of the log. `created`, `confirmed`, `cancelled` and `expired` map reservations to the
    version at which that happened, for those who ask often of few; `ended` is the last three together.
    """

    def __init__(self, changes: Sequence[Change], reservations: Iterable[ReservationRow], complain: Complain) -> None:
        self.lives: dict[str, Life] = {}
        self.taken_counts: list[int] = [0]
        """How many seats were taken, by version."""
        self.last_seats_added = 0
        self.late: set[str] = set()
        """Holds whose end was decided at or after the time they ran out."""
        self.numbers: dict[str, int] = {}
        """Of the seats that were ever taken, from 1 on: numbers are looked up in lists, which lie close together."""
        self.moved: list[tuple[int, ...]] = [()]
        """By version the seats (numbers) whose state changed; `moved_to` is the state of all of them from there on."""
        self.moved_to: list[str] = [""]
        self._states = [""]
        self._taken = 0
        self._complain = complain
        self._rows = list(reservations)
        if [change.version for change in changes] != list(range(1, len(changes) + 1)):
            changes = sorted(changes, key=attrgetter("version"))
        self._replay(changes)
        self._compare_rows()

    @cached_property
    def rows(self) -> dict[str, ReservationRow]:
        """The rows of reservations."""
        return {row.id: row for row in self._rows}

    @cached_property
    def wishes(self) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """User, key and seats of each reservation, by its row."""
        return {row.id: (row.user, row.key, row.seats) for row in self._rows}

    @cached_property
    def created(self) -> dict[str, int]:
        """Reservations and the versions that made them."""
        return {reservation: life.made for reservation, life in self.lives.items()}

    @cached_property
    def ended(self) -> dict[str, int]:
        """Reservations that are pending no more, and when they ended."""
        return {reservation: life.ended for reservation, life in self.lives.items() if life.ended != FOREVER}

    @cached_property
    def confirmed(self) -> dict[str, int]:
        """Reservations that were sold."""
        return self._ended_as("confirmed")

    @cached_property
    def cancelled(self) -> dict[str, int]:
        """Reservations that were cancelled."""
        return self._ended_as("cancelled")

    @cached_property
    def expired(self) -> dict[str, int]:
        """Reservations that expired."""
        return self._ended_as("expired")

    @cached_property
    def moves(self) -> list[list[int]]:
        """For each seat (by its number) the versions at which its state changed, after 0."""
        moves = [[0] for _ in self._states]
        for version, numbers in enumerate(self.moved):
            for number in numbers:
                moves[number].append(version)
        return moves

    @cached_property
    def timelines(self) -> dict[str, tuple[list[int], list[str]]]:
        """For each seat that was ever taken the versions at which its state changed, and its states.

        They are one more: the first is the one before all of these versions.
        """
        timelines: dict[str, tuple[list[int], list[str]]] = {}
        for version, seat, state in self.steps():
            versions, states = timelines.setdefault(seat, ([], [""]))
            versions.append(version)
            states.append(state)
        return timelines

    def _ended_as(self, status: str) -> dict[str, int]:
        return {reservation: life.ended for reservation, life in self.lives.items() if life.status == status}

    @property
    def last_version(self) -> int:
        """The event's version at the end."""
        return len(self.taken_counts) - 1

    def state(self, seat: str, version: int) -> str:
        """Tell the state of a seat at a version: free (`""`), held or sold."""
        timeline = self.timelines.get(seat)
        if timeline is None:
            return ""
        return timeline[1][bisect_right(timeline[0], version)]

    def status(self, reservation: str, version: int) -> str:
        """Tell the status of a reservation at a version; empty before it was made."""
        life = self.lives.get(reservation)
        if life is None or life.made > version:
            return ""
        return "pending" if life.ended > version else life.status

    def status_last(self, reservation: str) -> str:
        """Tell the status of a reservation at the end."""
        return self.status(reservation, LATEST)

    def last_states(self) -> dict[str, str]:
        """Give the final state of every seat that is taken."""
        return {seat: self._states[number] for seat, number in self.numbers.items() if self._states[number]}

    def steps(self) -> Iterator[tuple[int, str, str]]:
        """Give every change of a seat's state as (version, seat, state), by version."""
        seats = ["", *self.numbers]
        for version, (numbers, state) in enumerate(zip(self.moved, self.moved_to, strict=True)):
            for number in numbers:
                yield version, seats[number], state

    def _replay(self, changes: Iterable[Change]) -> None:
        moved, moved_to = self.moved, self.moved_to
        taken_counts = self.taken_counts
        last = 0
        for change in changes:
            version, kind = change.version, change.kind
            if version != last + 1:
                self._judge_jump(last, version)
                if version <= last:
                    continue
                hole = version - last - 1
                moved.extend([()] * hole)
                moved_to.extend([""] * hole)
                taken_counts.extend([self._taken] * hole)
            last = version
            state = ""
            numbers: tuple[int, ...] = ()
            if kind == "reserved":
                numbers, state = self._hold(change)
            elif kind in _ENDINGS:
                numbers, state = self._end(change)
            elif kind == "seats_added":
                self.last_seats_added = version
            moved.append(numbers)
            moved_to.append(state)
            taken_counts.append(self._taken)

    def _hold(self, change: Change) -> tuple[tuple[int, ...], str]:
        """Make a reservation; tells which seats changed to which state."""
        reservation, seats, states = change.reservation, change.seats, self._states
        if reservation in self.lives:
            text = f"reservation {reservation} is made again"
            self._complain("log_transition", version=change.version, text=text)
            return (), ""
        claim = held(reservation)
        known = self.numbers
        for seat in seats:
            if seat not in known:
                known[seat] = len(states)
                states.append("")
        numbers = tuple([known[seat] for seat in seats])
        self.lives[reservation] = Life(change.version, seats, numbers, claim)
        self._taken += len(seats)
        for number in numbers:
            if states[number]:
                seat = ["", *known][number]
                text = f"seat {seat} goes to reservation {reservation} while it is {states[number]}"
                self._complain("double_sale", version=change.version, text=text)
            states[number] = claim
        return numbers, claim

    def _end(self, change: Change) -> tuple[tuple[int, ...], str]:
        """End a reservation, give its seats back or sell them; tells which seats changed to which state."""
        kind, states = change.kind, self._states
        life = self.lives.get(change.reservation)
        if life is None or life.ended != FOREVER:
            status = life.status if life else "not made"
            text = f"reservation {change.reservation}: {status} to {kind}"
            self._complain("log_transition", version=change.version, text=text)
            return (), ""
        life.ended, life.ended_at_us, life.status = change.version, change.at_us, kind
        numbers, before, after = life.numbers, life.claim, ""
        if kind == "confirmed":
            after = sold(change.reservation)
        else:
            self._taken -= len(numbers)
        for number in numbers:
            if states[number] != before:
                # What went to another in the meantime is that one's.
                numbers = tuple([number for number in numbers if states[number] == before])
                break
        for number in numbers:
            states[number] = after
        return numbers, after

    def _judge_jump(self, last: int, version: int) -> None:
        if version <= last:
            self._complain("repeated_version", version=version, text="the log has two entries of this version")
        else:
            self._complain("missing_version", version=last + 1, text=f"the log goes on with version {version}")

    def _compare_rows(self) -> None:
        """Each reservation's row says what its entries say, each entry has its row, and a key made one of them."""
        lives, rows = self.lives, self._rows
        # Users make their own keys, so most often the keys alone differ, which is told sooner.
        if len({row.key for row in rows}) != len(rows) and len({(row.user, row.key) for row in rows}) != len(rows):
            self._complain("key_made_two", version=0, text="a user's key has two reservations")
        found = 0
        for row in rows:
            life = lives.get(row.id)
            if life is None:
                self._complain("row_differs", version=0, text=f"reservation {row.id} is not in the log")
                continue
            found += 1
            life.row = row
            ended = life.ended
            if ended == FOREVER:
                ended = life.made
            elif life.ended_at_us >= row.expires_at_us or life.status == "expired":
                self._judge_time(row, life)
            if not (
                row.created_version == life.made
                and row.changed_version == ended
                and row.seats == life.seats
                and (row.status == life.status or (life.ended == FOREVER and row.status not in _ENDINGS))
            ):
                said = f"{row.status}, versions {row.created_version}, {row.changed_version}, {len(row.seats)} seats"
                text = f"the row of {row.id} ({said}) is not what the log says"
                self._complain("row_differs", version=row.changed_version, text=text)
        if found != len(lives):
            for reservation, life in lives.items():
                if life.row is None:
                    self._complain("lost_write", version=life.made, text=f"reservation {reservation} has no row")

    def _judge_time(self, row: ReservationRow, life: Life) -> None:
        """An expiry is legal only once the hold has run out, a sale or cancellation only before."""
        ran_out = life.ended_at_us >= row.expires_at_us
        if ran_out:
            self.late.add(row.id)
        if life.status == "expired" and not ran_out:
            self._complain("early_expiry", version=life.ended, text=f"hold {row.id} expires before its time")
        elif life.status != "expired" and ran_out:
            self._complain("late_resolution", version=life.ended, text=f"{row.id} is {life.status} after it ran out")
