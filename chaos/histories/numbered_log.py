"""The log of one event in the numbers of a history, as columns: what the quick pass (`sieve`) compares answers with."""

from collections.abc import Iterable, Mapping
from itertools import repeat

import numpy as np

from chaos.checkers.report import Assumptions
from chaos.histories.compact_history import Column, Vocabulary, spread
from chaos.histories.operation import FOREVER
from chaos.histories.replay import FREE
from chaos.histories.seat_log import SeatLog

UNKNOWN = -1
"""In place of the number of what a history or a log does not have."""


class NumberedLog:
    """One event's log: of each reservation (by its number in `SeatLog.lives`), of each version, of each move of a seat.

    Texts have the numbers that the history gave them, so that those of a log and those of answers compare. Of each
    reservation there is one more at the end, which is like none: it stands at UNKNOWN, so at -1.
    """

    def __init__(self, vocabulary: Vocabulary, log: SeatLog, assumptions: Assumptions) -> None:
        lives = log.lives
        self._vocabulary = vocabulary
        self._log = log
        self.last_version = log.last_version
        self.made = _column([*lives.made, FOREVER])
        """The version that made the reservation; `ended` is the one that ended it, FOREVER while it is pending."""
        self.ended = _column([*lives.ended, FOREVER])
        self.statuses = _column([*map(vocabulary.texts.__getitem__, lives.statuses), UNKNOWN])
        """Its status at the end."""
        self.refuses_until = np.where(np.asarray(log.replayed.states) == FREE, -FOREVER, FOREVER)
        """By version the call time (ns) from which on that state refuses nobody."""
        if assumptions.wall_offset_ns is not None:
            for number in lives.overdue:
                row = lives.rows[number]
                if row is not None:
                    self.refuses_until[lives.made[number]] = assumptions.overdue_from_ns(row.expires_at_us)
        self._moves = self._moves_by_seat()

    def reservations(self, texts: Column) -> Column:
        """Give the numbers of reservations, by their texts' numbers; UNKNOWN where the log does not have one."""
        return self._looked_up(texts, self._log.lives.numbers, UNKNOWN)

    def moved_last(self, seats: Column, versions: Column) -> Column:
        """Tell which version gave each seat (its text's number) the state that it has at a version."""
        width = self.last_version + 1
        at = self._looked_up(seats, self._log.replayed.seats, 0) * width + np.clip(versions, 0, self.last_version)
        # One after another in their order, each is found near the one before.
        order = np.argsort(at)
        found = np.empty_like(at)
        found[order] = np.searchsorted(self._moves, at[order], side="right")
        return self._moves[found - 1] % width

    def _looked_up(self, texts: Column, numbers: Mapping[str, int], otherwise: int) -> Column:
        """Look texts up, each of them once."""
        used = _used(texts, len(self._vocabulary.texts))
        words = map(self._vocabulary.all_texts().__getitem__, used.tolist())
        found = np.zeros(len(self._vocabulary.texts), np.int64)
        found[used] = _column(map(numbers.get, words, repeat(otherwise)))
        return found[texts]

    def states(self, versions: Column) -> Column:
        """Give the states (their texts' numbers) to which versions moved their seats."""
        used = _used(versions, self.last_version + 1)
        texts = self._log.texts(np.asarray(self._log.replayed.states)[used].tolist())
        states = np.zeros(self.last_version + 1, np.int64)
        states[used] = _column(map(self._vocabulary.texts.get, texts, repeat(UNKNOWN)))
        return states[versions]

    def _moves_by_seat(self) -> Column:
        """Give seat and version of every move as one number, in their order; version 0 moves each seat."""
        replayed, width = self._log.replayed, self.last_version + 1
        moves = np.asarray(replayed.moved_seats, np.int64) * width + np.asarray(replayed.moved_at, np.int64)
        return np.sort(np.concatenate([np.arange(len(replayed.seats) + 1) * width, moves]))


class SeatEntries:
    """The seats in a column of tuples of seats, one entry each: its row in the column, and the text of the seat."""

    def __init__(self, vocabulary: Vocabulary, column: Column) -> None:
        ends = vocabulary.seats_ends
        self.sizes = np.diff(ends, prepend=0)[column]
        """How many seats each row of the column has."""
        self.rows = np.repeat(np.arange(len(column)), self.sizes)
        self.texts = vocabulary.seat_texts[spread(ends[column] - self.sizes, self.sizes)]


def _used(numbers: Column, size: int) -> Column:
    """Find which of the numbers below `size` are used."""
    used = np.zeros(size, np.bool_)
    used[numbers] = True
    return np.flatnonzero(used)


def _column(numbers: Iterable[int]) -> Column:
    return np.fromiter(numbers, np.int64)
