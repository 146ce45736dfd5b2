"""Which process of a node takes the next connection: they are filled one after the other.

Each process asks PostgreSQL for itself, keeps maps of its own and makes batches of the commands that it has. A few
connections dealt out to all would only make each of them do, with half as many callers, what one can do for all.

The processes share a table. Each writes down how many connections it has and how many it has ever taken, and reads
what the others wrote. It is an account, not a lock: who reads an old number takes a connection that was another's.
"""

import mmap
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

CONNECTIONS_BEFORE_NEXT = 144
"""So many connections a process has before the next one is given any: 128 callers, which are answered for less by one
process than by two, and the connections that probes and proxies keep beside them (decision 0012)."""
LEAD_CONNECTIONS_MAX = 16
"""Once all are filled, one may be so far ahead of the one with the fewest: else a crowd that comes at once would be
taken one by one, with a wait for the other process after each."""
PATIENCE_SECONDS = 0.1
"""Whose turn it is, and who takes nothing for so long while connections wait, is passed over: it was stopped, has died,
or does one thing without a pause. It counts again with the next connection that it takes."""
LOOK_SECONDS = 0.005
"""While connections wait for another process, they are looked at again after so long."""
_LOOKS_FORGOTTEN_SECONDS = 4 * LOOK_SECONDS
"""Nobody waited in between, or this very process stood still; the patience begins anew."""

_AWAY, _HERE, _ENDING = range(3)
_STATE, _CONNECTIONS, _TAKEN = range(3)
_FIELDS = 3
_FIELD_BYTES = 8


def table_bytes(processes: int) -> int:
    """How large the table of so many processes is; empty it consists of zeros."""
    return processes * _FIELDS * _FIELD_BYTES


def leave(table_fd: int, place: int) -> None:
    """Write down that the process at a place has ended, in its stead."""
    os.pwrite(table_fd, bytes(2 * _FIELD_BYTES), place * _FIELDS * _FIELD_BYTES)


@dataclass(frozen=True, slots=True)
class _Waited:
    """Since when another process has been waited for."""

    place: int
    taken: int
    """What it had taken by then."""
    since: float


class Turns:
    """What one process of a node tells its siblings of its connections, and reads of theirs."""

    def __init__(self, table_fd: int, place: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Open the table; `begin` takes the place.

        Args:
            table_fd: A file of `table_bytes` bytes that all processes of the node have open.
            place: The number of this process among its siblings, from 0.
            clock: Seconds.
        """
        self._table = memoryview(mmap.mmap(table_fd, 0)).cast("q")
        self._places = range(len(self._table) // _FIELDS)
        self._place = place
        self._connections_max = 0
        self._filled = 0
        self._clock = clock
        self._passed_over: dict[int, int] = {}
        """Who takes nothing, with what it had taken when that was noticed."""
        self._waited: _Waited | None = None
        self._looked_at = clock()

    def begin(self, connections_max: int) -> None:
        """Tell that this process takes connections.

        Args:
            connections_max: With so many it, and each of its siblings, refuses all but probes.
        """
        self._connections_max = connections_max
        self._filled = min(CONNECTIONS_BEFORE_NEXT, connections_max)
        self._write(_CONNECTIONS, 0)
        self._write(_STATE, _HERE)

    def end_soon(self) -> None:
        """Tell that this process takes connections only where no sibling does."""
        self._write(_STATE, _ENDING)

    def end(self) -> None:
        """Tell that this process takes no connections any more."""
        self._write(_STATE, _AWAY)

    def has(self, connections: int) -> None:
        """Tell how many connections this process has."""
        self._write(_CONNECTIONS, connections)

    def took(self) -> None:
        """Tell that this process took one more."""
        self._write(_TAKEN, self._read(self._place, _TAKEN) + 1)

    def processes_in_use(self) -> int:
        """How many processes of the node have connections."""
        return sum(self._read(place, _CONNECTIONS) > 0 for place in self._places)

    def is_mine(self) -> bool:
        """Whether this process takes the connection that waits. To be asked about each, and again while one waits."""
        while True:
            first = min(self._takers(), key=self._order)
            if first == self._place or self._as_good_as(first):
                self._waited = None
                return True
            if not self._waited_in_vain(first):
                return False
            self._passed_over[first] = self._read(first, _TAKEN)

    def _takers(self) -> list[int]:
        """Who takes connections: this process, and its siblings as far as they show it."""
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
