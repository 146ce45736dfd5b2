"""The log of one event: the state at every version, and whether the log and the rows keep the rules."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate

import numpy as np

from chaos.histories.compact_history import Column
from chaos.histories.database_rows import Change, ReservationRow
from chaos.histories.kept_back import kept_back_log
from chaos.histories.lives import Complain
from chaos.histories.operation import FOREVER
from chaos.histories.replay import FREE, replay, replay_at_once, state_text

LATEST = FOREVER - 1
"""A version after every other."""


class SeatLog:
    """Every state of the seats and reservations of one event, by version; `lives` has its reservations."""

    def __init__(
        self,
        changes: Sequence[Change],
        reservations: Iterable[ReservationRow],
        complain: Complain,
        *,
        has_special_seats: bool = False,
    ) -> None:
        """Replay a log.

        Args:
            changes: Its entries.
            reservations: The rows of its reservations.
            complain: Called for each thing that is wrong.
            has_special_seats: Whether the event has places of areas or companion seats, which have rules of their own.
        """
        self.has_special_seats = has_special_seats
        self.replayed = replay_at_once(changes) or replay(changes, complain)
        self.kept_back = kept_back_log(changes)
        """The seats that channels keep back; None if the event never had a channel."""
        self.last_opening = max((one.version for one in changes if one.kind == "channel_opened"), default=0)
        """The last version that opened a channel."""
        self.lives = self.replayed.lives
        self.last_seats_added = self.replayed.last_seats_added
        self._rows = list(reservations)
        self.lives.compare_rows(self._rows, complain)

    @cached_property
    def rows(self) -> dict[str, ReservationRow]:
        """The rows of reservations."""
        return {row.id: row for row in self._rows}

    @cached_property
    def wishes(self) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """User, key and first seats of each reservation, by its row."""
        lives = self.lives
        return {
            row.id: (row.user, row.key, row.seats if number is None else lives.first_seats[number])
            for row in self._rows
            for number in (lives.numbers.get(row.id),)
        }

    @cached_property
    def created(self) -> dict[str, int]:
        """Reservations and the versions that made them."""
        return dict(zip(self.lives.numbers, self.lives.made, strict=True))

    @cached_property
    def taken_counts(self) -> list[int]:
        """The number of seats that are not free for all, by version."""
        if self.kept_back is not None:
            return self.kept_back.taken_counts
        more = [0] * len(self.replayed.states)
        for number, life in enumerate(self.lives.values()):
            had = len(self.lives.first_seats[number])
            more[life.made] += had
            for version, seats in self.lives.reseated.get(number, ()):
                more[version] += len(seats) - had
                had = len(seats)
            if life.status in ("cancelled", "expired"):
                more[life.ended] -= had
        return list(accumulate(more))

    @cached_property
    def timelines(self) -> dict[str, tuple[list[int], list[str]]]:
        """For each seat that was ever taken, the versions at which its state changed, and its states.

        There is one more state than versions: the first is the state before all of them.
        """
        timelines: dict[str, tuple[list[int], list[str]]] = {}
        for version, seat, state in self.steps():
            versions, states = timelines.setdefault(seat, ([], [""]))
            versions.append(version)
            states.append(state)
        return timelines

    @cached_property
    def _holds(self) -> tuple[Column, ...]:
        """The versions from and until which each hold with a row had a number of seats; its expiry (µs); the number."""
        lives, holds = self.lives, []
        for number, row in enumerate(lives.rows):
            if row is None:
                continue
            since, had = lives.made[number], len(lives.first_seats[number])
            for version, seats in lives.reseated.get(number, ()):
                holds.append((since, version, row.expires_at_us, had))
                since, had = version, len(seats)
            holds.append((since, lives.ended[number], row.expires_at_us, had))
        return tuple(np.array(holds, np.int64).reshape(-1, 4).T)

    @property
    def last_version(self) -> int:
        """The event's version at the end."""
        return len(self.replayed.states) - 1

    def state(self, seat: str, version: int) -> str:
        """Return the state of a seat at a version: free (`""`), held or sold."""
        timeline = self.timelines.get(seat)
        if timeline is None:
            return ""
        return timeline[1][bisect_right(timeline[0], version)]

    def status(self, reservation: str, version: int) -> str:
        """Return the status of a reservation at a version; empty before it was made."""
        life = self.lives.get(reservation)
        if life is None or life.made > version:
            return ""
        return "pending" if life.ended > version else life.status

    def status_last(self, reservation: str) -> str:
        """Return the status of a reservation at the end."""
        return self.status(reservation, LATEST)

    def pending_seats(self, version: int, expired_until_us: int) -> int:
        """Count the seats of the holds that were pending at a version and expire at or before a time."""
        made, ended, expires_at_us, seats = self._holds
        return int(seats[(made <= version) & (version < ended) & (expires_at_us <= expired_until_us)].sum())

    def last_states(self) -> dict[str, str]:
        """Return the final state of every seat that is taken."""
        replayed = self.replayed
        last = np.zeros(len(replayed.seats) + 1, np.int64)
        # If a seat changed several times, the last change counts.
        moved = np.asarray(replayed.states)[np.asarray(replayed.moved_at, np.int64)]
        moved[list(replayed.freed)] = FREE
        last[np.asarray(replayed.moved_seats, np.int64)] = moved
        texts = self.texts(last[1:].tolist())
        return {seat: text for seat, text in zip(replayed.seats, texts, strict=True) if text}

    def steps(self) -> Iterator[tuple[int, str, str]]:
        """Return every change of a seat's state as (version, seat, state), by version."""
        if self.kept_back is not None:
            yield from self.kept_back.steps
            return
        seats, replayed = ["", *self.replayed.seats], self.replayed
        texts = self.texts(np.asarray(replayed.states).tolist())
        moves = zip(replayed.moved_seats, replayed.moved_at, strict=True)
        for place, (number, version) in enumerate(moves):
            yield int(version), seats[number], "" if place in replayed.freed else texts[version]

    def texts(self, states: Iterable[int]) -> list[str]:
        """Return states in the form of answers and rows."""
        ids = list(self.lives.numbers)
        return [state_text(state, ids) for state in states]
