"""Decides which process of a node accepts the next connection. They are filled one after another.

Each process queries PostgreSQL for itself, keeps its own maps, and batches only its own commands. If a few connections
were spread over all processes, each would do for half the callers what one process could do for all.

The processes share a table, in which each records how many connections it has and how many it has ever accepted. It is
a record, not a lock: a process that reads an outdated number accepts a connection that was meant for another.
"""

import mmap
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

CONNECTIONS_BEFORE_NEXT = 144
"""How many connections a process has before the next one gets any. That is 128 callers, which one process serves at a
lower cost than two, plus the connections that probes and proxies keep (decision 0012)."""
LEAD_CONNECTIONS_MAX = 16
"""Once all processes are filled, how far one may be ahead of the one with the fewest. If many clients connected at
once, they would otherwise be accepted one by one, with a wait for another process after each."""
PATIENCE_SECONDS = 0.1
"""A process whose turn it is, and which accepts nothing for this long while connections wait, is passed over: it may be
stopped, dead, or busy without a pause. It counts again with the next connection it accepts."""
LOOK_SECONDS = 0.005
"""How soon to check again while connections wait for another process."""
_LOOKS_FORGOTTEN_SECONDS = 4 * LOOK_SECONDS
"""If there was no check for this long, nothing was waiting, or this process stood still: start waiting afresh."""

_AWAY, _HERE, _ENDING = range(3)
_STATE, _CONNECTIONS, _TAKEN = range(3)
_FIELDS = 3
_FIELD_BYTES = 8


def table_bytes(processes: int) -> int:
    """Return the size of the table for this many processes. An empty table consists of zeros."""
    return processes * _FIELDS * _FIELD_BYTES


def leave(table_fd: int, place: int) -> None:
    """Record, in place of the process at a place, that it has ended."""
    os.pwrite(table_fd, bytes(2 * _FIELD_BYTES), place * _FIELDS * _FIELD_BYTES)


@dataclass(frozen=True, slots=True)
class _Waited:
    """Since when this process has waited for another one."""

    place: int
    taken: int
    """How many connections the other had accepted by then."""
    since: float


class Turns:
    """What one process of a node tells its siblings about its connections, and reads about theirs."""

    def __init__(self, table_fd: int, place: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Open the table; `begin` takes the place in it.

        Args:
            table_fd: A file of `table_bytes` bytes that all processes of the node have open.
            place: This process's number among its siblings, from 0.
            clock: Returns the time in seconds.
        """
        self._table = memoryview(mmap.mmap(table_fd, 0)).cast("q")
        self._places = range(len(self._table) // _FIELDS)
        self._place = place
        self._connections_max = 0
        self._filled = 0
        self._clock = clock
        self._passed_over: dict[int, int] = {}
        """Processes that accept nothing, with how many they had accepted when that was noticed."""
        self._waited: _Waited | None = None
        self._looked_at = clock()

    def begin(self, connections_max: int) -> None:
        """Record that this process accepts connections.

        Args:
            connections_max: The number at which this process, and each sibling, refuses all but probes.
        """
        self._connections_max = connections_max
        self._filled = min(CONNECTIONS_BEFORE_NEXT, connections_max)
        self._write(_CONNECTIONS, 0)
        self._write(_STATE, _HERE)

    def end_soon(self) -> None:
        """Record that this process accepts connections only if no sibling does."""
        self._write(_STATE, _ENDING)

    def end(self) -> None:
        """Record that this process no longer accepts connections."""
        self._write(_STATE, _AWAY)

    def has(self, connections: int) -> None:
        """Record how many connections this process has."""
        self._write(_CONNECTIONS, connections)

    def took(self) -> None:
        """Record that this process has accepted one more."""
        self._write(_TAKEN, self._read(self._place, _TAKEN) + 1)

    def processes_in_use(self) -> int:
        """Return how many processes of the node have connections."""
        return sum(self._read(place, _CONNECTIONS) > 0 for place in self._places)

    def is_mine(self) -> bool:
        """Return whether this process should accept the connection that is waiting.

        Ask before each one, and ask again while one is waiting.
        """
        while True:
            first = min(self._takers(), key=self._order)
            if first == self._place or self._as_good_as(first):
                self._waited = None
                return True
            if not self._waited_in_vain(first):
                return False
            self._passed_over[first] = self._read(first, _TAKEN)

    def _takers(self) -> list[int]:
        """Return which processes accept connections: this one, and the siblings that appear to."""
        return [
            place
            for place in self._places
            if place == self._place
            or (self._read(place, _STATE) != _AWAY and self._passed_over.get(place) != self._read(place, _TAKEN))
        ]

    def _order(self, place: int) -> tuple[int, int, int]:
        fullness = self._fullness(place)
        return (
            self._read(place, _STATE),
            fullness,
            place if fullness == 0 else self._read(place, _CONNECTIONS),
        )

    def _fullness(self, place: int) -> int:
        connections = self._read(place, _CONNECTIONS)
        return (connections >= self._filled) + (connections >= self._connections_max)

    def _as_good_as(self, first: int) -> bool:
        state, fullness, connections = self._order(self._place)
        first_state, first_fullness, first_connections = self._order(first)
        if (state, fullness) != (first_state, first_fullness) or fullness == 0:
            return False
        return connections <= first_connections + LEAD_CONNECTIONS_MAX

    def _waited_in_vain(self, place: int) -> bool:
        now = self._clock()
        taken = self._read(place, _TAKEN)
        waited = self._waited
        in_between = now - self._looked_at > _LOOKS_FORGOTTEN_SECONDS
        self._looked_at = now
        if waited is None or in_between or (waited.place, waited.taken) != (place, taken):
            self._waited = _Waited(place, taken, now)
            return False
        return now - waited.since >= PATIENCE_SECONDS

    def _read(self, place: int, what: int) -> int:
        return self._table[place * _FIELDS + what]

    def _write(self, what: int, value: int) -> None:
        self._table[self._place * _FIELDS + what] = value
