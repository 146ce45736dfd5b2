"""The log of one event as columns, with the numbers of a history; the quick pass (`sieve`) compares answers with it."""

from collections.abc import Iterable, Mapping
from itertools import repeat

import numpy as np

from chaos.checkers.report import Assumptions
from chaos.histories.compact_history import Column, Vocabulary, spread
from chaos.histories.operation import FOREVER
from chaos.histories.replay import FREE
from chaos.histories.seat_log import SeatLog

UNKNOWN = -1
"""The number of anything that the history or the log does not contain."""


class NumberedLog:
    """One event's log, by reservation (its number in `SeatLog.lives`), by version, and by change of a seat.

    Texts have the numbers that the history assigned, so those of the log and of the answers can be compared. The
    columns of reservations have one more row at the end, at index UNKNOWN (-1), which matches nothing.
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
        """By version, the call time (ns) from which that state no longer justifies a refusal."""
        if assumptions.wall_offset_ns is not None:
            for number in lives.overdue:
                row = lives.rows[number]
                if row is not None:
                    self.refuses_until[lives.made[number]] = assumptions.overdue_from_ns(row.expires_at_us)
        self._moves = self._moves_by_seat()

    def reservations(self, texts: Column) -> Column:
        """Return the numbers of reservations, by their texts' numbers; UNKNOWN for those that are not in the log."""
        return self._looked_up(texts, self._log.lives.numbers, UNKNOWN)

    def moved_last(self, seats: Column, versions: Column) -> Column:
        """Return the versions that gave the seats (their texts' numbers) the states that they have at some versions."""
        width = self.last_version + 1
        at = self._looked_up(seats, self._log.replayed.seats, 0) * width + np.clip(versions, 0, self.last_version)
        # In sorted order each is found near the previous one.
        order = np.argsort(at)
        found = np.empty_like(at)
        found[order] = np.searchsorted(self._moves, at[order], side="right")
        return self._moves[found - 1] % width

    def _looked_up(self, texts: Column, numbers: Mapping[str, int], otherwise: int) -> Column:
        """Look texts up, each distinct one once."""
        used = _used(texts, len(self._vocabulary.texts))
        words = map(self._vocabulary.all_texts().__getitem__, used.tolist())
        found = np.zeros(len(self._vocabulary.texts), np.int64)
        found[used] = _column(map(numbers.get, words, repeat(otherwise)))
        return found[texts]

    def states(self, versions: Column) -> Column:
        """Return the states (their texts' numbers) that versions gave to their seats."""
        used = _used(versions, self.last_version + 1)
        texts = self._log.texts(np.asarray(self._log.replayed.states)[used].tolist())
        states = np.zeros(self.last_version + 1, np.int64)
        states[used] = _column(map(self._vocabulary.texts.get, texts, repeat(UNKNOWN)))
        return states[versions]

    def _moves_by_seat(self) -> Column:
        """Return seat and version of every change, combined into one number and sorted; version 0 changes each seat."""
        replayed, width = self._log.replayed, self.last_version + 1
        moves = np.asarray(replayed.moved_seats, np.int64) * width + np.asarray(replayed.moved_at, np.int64)
        return np.sort(np.concatenate([np.arange(len(replayed.seats) + 1) * width, moves]))


class SeatEntries:
    """The seats in a column of tuples of seats, one entry each: its row in the column, and the text of the seat."""

    def __init__(self, vocabulary: Vocabulary, column: Column) -> None:
        ends = vocabulary.seats_ends
        self.sizes = np.diff(ends, prepend=0)[column]
        """The number of seats in each row of the column."""
        self.rows = np.repeat(np.arange(len(column)), self.sizes)
        self.texts = vocabulary.seat_texts[spread(ends[column] - self.sizes, self.sizes)]


def _used(numbers: Column, size: int) -> Column:
    """Find which of the numbers below `size` are used."""
    used = np.zeros(size, np.bool_)
    used[numbers] = True
    return np.flatnonzero(used)


def _column(numbers: Iterable[int]) -> Column:
    return np.fromiter(numbers, np.int64)
