"""Replays one event's log: who took and released which seat, at which version.

There are two ways. `replay` goes entry by entry and reports what is wrong with each. `replay_at_once` arranges all
entries in columns, which is several times faster, and gives up without a reason if any of them breaks a rule. A test
compares the two (`tests/chaos/test_replay.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, count, repeat
from operator import attrgetter
from typing import TypeVar

import numpy as np

from chaos.histories.compact_history import Column, spread
from chaos.histories.database_rows import Change
from chaos.histories.lives import ENDINGS, Complain, Lives
from chaos.histories.operation import FOREVER, held, sold

Number = TypeVar("Number", int, Column)
CHANGES = frozenset(("extended", "seats_changed"))
ADDS_SEATS = frozenset(("seats_added", "hall_changed"))
FREE = 0
"""The state of a seat is a number: this one, or one made from a reservation's, odd for a hold and even for a sale."""


def held_by(reservation: Number) -> Number:
    """Return the state of a seat that a reservation (by its number) holds."""
    return 2 * reservation + 1


def sold_to(reservation: Number) -> Number:
    """Return the state of a seat that is sold to a reservation (by its number)."""
    return 2 * reservation + 2


@dataclass(slots=True)
class Replayed:
    """The result of a log's entries."""

    lives: Lives = field(default_factory=Lives)
    seats: defaultdict[str, int] = field(default_factory=lambda: defaultdict(count(1).__next__))
    """Numbers of the seats that were ever taken, from 1; the first look-up by `[]` assigns the number."""
    states: Sequence[int] | Column = (FREE,)
    """By version, the state that it gave to the seats that it changed."""
    moved_seats: Sequence[int] | Column = ()
    """The changed seats (numbers), in the order of versions; `moved_at` are the versions that changed each."""
    moved_at: Sequence[int] | Column = ()
    freed: set[int] = field(default_factory=set)
    """Indexes in `moved_seats` of seats that a hold gave up for others. They became free, whatever `states` says."""
    last_seats_added: int = 0
    """The last version that changed how many seats the event has."""


def replay_at_once(changes: Sequence[Change]) -> Replayed | None:
    """Replay a log without errors and without changed holds; returns None for any other."""
    if any(change.kind in CHANGES for change in changes):
        return None
    versions = np.array([change.version for change in changes], np.int64)
    if (versions != np.arange(1, len(changes) + 1)).any():
        return None
    replayed = Replayed()
    lives = replayed.lives
    made = [change for change in changes if change.kind == "reserved"]
    ends = [change for change in changes if change.kind in ENDINGS]
    lives.numbers = dict(zip([change.reservation for change in made], count(), strict=False))
    ended = list(map(lives.numbers.get, [change.reservation for change in ends], repeat(-1)))
    if len(lives.numbers) != len(made) or -1 in ended or len(set(ended)) != len(ended):
        return None
    lives.made = [change.version for change in made]
    lives.seats = lives.first_seats = [change.seats for change in made]
    lives.ended, lives.ended_at_us = [FOREVER] * len(made), [0] * len(made)
    lives.statuses = ["pending"] * len(made)
    ended_at, ended_at_us, statuses = lives.ended, lives.ended_at_us, lives.statuses
    for number, change in zip(ended, ends, strict=True):
        ended_at[number], ended_at_us[number], statuses[number] = change.version, change.at_us, change.kind
    added = [change.version for change in changes if change.kind in ADDS_SEATS]
    replayed.last_seats_added = added[-1] if added else 0
    return _moved_at_once(replayed, len(changes))


def _moved_at_once(replayed: Replayed, last_version: int) -> Replayed | None:
    """Find which seats changed when; returns None if a seat was taken that was not free."""
    lives = replayed.lives
    numbers = np.arange(len(lives.made))
    made, ended = np.array(lives.made, np.int64), np.array(lives.ended, np.int64)
    sold = np.array([status == "confirmed" for status in lives.statuses], np.bool_)
    sizes = np.array([len(seats) for seats in lives.seats], np.int64)
    taken = np.fromiter(map(replayed.seats.__getitem__, chain.from_iterable(lives.seats)), np.int64)

    # For each seat, those who took it one after another: the previous one must have released it.
    takers = np.repeat(numbers, sizes)
    by_seat = np.argsort(taken, kind="stable")
    before, after = takers[by_seat[:-1]], takers[by_seat[1:]]
    again = taken[by_seat[:-1]] == taken[by_seat[1:]]
    given_back = np.where(sold, FOREVER, ended)
    if (ended <= made).any() or (again & (given_back[before] >= made[after])).any():
        return None

    mover = np.full(last_version + 1, -1)
    mover[made] = numbers
    states = np.zeros(last_version + 1, np.int64)
    states[made] = held_by(numbers)
    (over,) = np.nonzero(ended < FOREVER)
    mover[ended[over]] = over
    states[ended[sold]] = sold_to(numbers[sold])
    (versions,) = np.nonzero(mover >= 0)
    movers = mover[versions]
    replayed.states = states
    replayed.moved_at = np.repeat(versions, sizes[movers])
    replayed.moved_seats = taken[spread(np.cumsum(sizes)[movers] - sizes[movers], sizes[movers])]
    return replayed


def replay(changes: Iterable[Change], complain: Complain) -> Replayed:
    """Replay a log entry by entry, and report each one that breaks a rule."""
    return _Replay(complain).of(sorted(changes, key=attrgetter("version")))


class _Replay:
    """A replay in progress."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._replayed = Replayed()
        self._lives = self._replayed.lives
        self._now: defaultdict[int, int] = defaultdict(int)
        """The state of each seat (numbers)."""

    def of(self, changes: Iterable[Change]) -> Replayed:
        """Go through all entries."""
        states: list[int] = [FREE]
        moved_seats: list[int] = []
        moved_at: list[int] = []
        for change in changes:
            last, version = len(states) - 1, change.version
            if version <= last:
                self._complain("repeated_version", version=version, text="the log has two entries of this version")
                continue
            if version != last + 1:
                text = f"the log goes on with version {version}"
                self._complain("missing_version", version=last + 1, text=text)
                states.extend([FREE] * (version - last - 1))
            moved: tuple[int, ...] = ()
            state = FREE
            if change.kind == "reserved":
                moved, state = self._hold(change)
            elif change.kind in ENDINGS:
                moved, state = self._end(change)
            elif change.kind in CHANGES:
                moved, state, freed = self._change(change)
                self._replayed.freed.update(range(len(moved_seats) + len(moved), len(moved_seats) + len(moved + freed)))
                moved += freed
            elif change.kind in ADDS_SEATS:
                self._replayed.last_seats_added = version
            states.append(state)
            moved_seats.extend(moved)
            moved_at.extend([version] * len(moved))
        self._replayed.states, self._replayed.moved_seats, self._replayed.moved_at = states, moved_seats, moved_at
        return self._replayed

    def _hold(self, change: Change) -> tuple[tuple[int, ...], int]:
        """Make a reservation; returns the changed seats and their new state."""
        reservation = self._lives.add(change.reservation, change.version, change.seats)
        if reservation is None:
            text = f"reservation {change.reservation} is made again"
            self._complain("log_transition", version=change.version, text=text)
            return (), FREE
        claim = held_by(reservation)
        return self._take(change, claim), claim

    def _change(self, change: Change) -> tuple[tuple[int, ...], int, tuple[int, ...]]:
        """Extend a hold, or give it other seats; returns the seats it took, their state, and those it gave up."""
        lives, version = self._lives, change.version
        reservation = lives.numbers.get(change.reservation)
        if reservation is None or lives.ended[reservation] != FOREVER:
            status = "not made" if reservation is None else lives.statuses[reservation]
            text = f"reservation {change.reservation}: {status} to {change.kind}"
            self._complain("log_transition", version=version, text=text)
            return (), FREE, ()
        has = lives.seats[reservation]
        if change.kind == "extended":
            if set(change.seats) != set(has):
                text = f"reservation {change.reservation} is extended with other seats than it has"
                self._complain("log_transition", version=version, text=text)
            lives.extended.setdefault(reservation, []).append(version)
            return (), FREE, ()
        if not set(change.freed) <= set(has):
            text = f"reservation {change.reservation} gives up seats that it does not have"
            self._complain("log_transition", version=version, text=text)
        lives.reseat(reservation, version, (*(seat for seat in has if seat not in change.freed), *change.seats))
        claim = held_by(reservation)
        freed = [self._replayed.seats[seat] for seat in change.freed]
        freed = [number for number in freed if self._now[number] == claim]
        self._now.update(dict.fromkeys(freed, FREE))
        return self._take(change, claim), claim, tuple(freed)

    def _take(self, change: Change, claim: int) -> tuple[int, ...]:
        numbers = tuple(map(self._replayed.seats.__getitem__, change.seats))
        for seat, number in zip(change.seats, numbers, strict=True):
            if self._now[number] != FREE:
                taken = state_text(self._now[number], list(self._lives.numbers))
                text = f"seat {seat} goes to reservation {change.reservation} while it is {taken}"
                self._complain("double_sale", version=change.version, text=text)
            self._now[number] = claim
        return numbers

    def _end(self, change: Change) -> tuple[tuple[int, ...], int]:
        """End a reservation by releasing or selling its seats; returns the changed seats and their new state."""
        lives = self._lives
        reservation = lives.numbers.get(change.reservation)
        if reservation is None or lives.ended[reservation] != FOREVER:
            status = "not made" if reservation is None else lives.statuses[reservation]
            text = f"reservation {change.reservation}: {status} to {change.kind}"
            self._complain("log_transition", version=change.version, text=text)
            return (), FREE
        lives.end(reservation, change.version, change.at_us, change.kind)
        # Seats that another reservation has taken in the meantime belong to that one.
        numbers = map(self._replayed.seats.__getitem__, lives.seats[reservation])
        kept = tuple([number for number in numbers if self._now[number] == held_by(reservation)])
        after = sold_to(reservation) if change.kind == "confirmed" else FREE
        self._now.update(dict.fromkeys(kept, after))
        return kept, after


def state_text(state: int, reservations: Sequence[str]) -> str:
    """Return a state in the form of answers and rows; `reservations` are all ids, by their numbers."""
    if state == FREE:
        return ""
    reservation = reservations[(state - 1) // 2]
    return held(reservation) if state % 2 else sold(reservation)
