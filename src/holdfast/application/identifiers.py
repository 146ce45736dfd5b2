"""Makes all ids. Those of events, seats and reservations name the cell that they live in."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from uuid import UUID, SafeUUID

CELL_MAX = 0xFFF
"""The largest number of a cell: the 12 bits of `rand_a` in a UUID version 7."""

_RANDOM_MASK = (1 << 62) - 1
_MILLISECONDS_MASK = (1 << 48) - 1


def uuid7(cell: int = 0, *, not_before: int = 0) -> UUID:
    """Make a UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, 12 bits for the cell, and 62 random bits.

    Ids made at about the same time are close together in every index.

    Args:
        cell: The number of the cell that has what the id is for. What belongs to no event lives in cell 0.
        not_before: Unix milliseconds that the id is not older than, whatever the clock of this machine says.
    """
    milliseconds = time.time_ns() // 1_000_000
    return _made(max(milliseconds, not_before), cell, int.from_bytes(os.urandom(8), "big") & _RANDOM_MASK)


def uuid7_series(cell: int = 0, *, not_before: int = 0) -> Iterator[UUID]:
    """Make ids without end, each greater than the one before: the random part counts up, as the RFC allows.

    A bulk call of a hundred thousand seats needs only one read of the clock and of the random source. Its ids are in
    chart order, so that a seat map of them needs no index. The start leaves so much room that the count never reaches
    the bits of the cell.
    """
    milliseconds = max(time.time_ns() // 1_000_000, not_before)
    start = int.from_bytes(os.urandom(8), "big") >> 4
    return (_made(milliseconds, cell, number) for number in count(start))


def cell_of(thing_id: UUID) -> int:
    """Return the number in the bits of the cell. In ids made before there were cells it is random."""
    return thing_id.int >> 64 & CELL_MAX


def milliseconds_of(thing_id: UUID) -> int:
    """Return when an id was made, in Unix milliseconds, by the clock of the machine that made it."""
    return thing_id.int >> 80


@dataclass(slots=True)
class CellIds:
    """Makes the ids of one cell.

    An id with the bits of a cell counts as one of this cell only if it is not older than the cell is, because older
    ids have random bits there (`application.cells.routes`). So no id is made that is older, even by a machine whose
    clock is behind: otherwise, nobody would find what was just created.
    """

    cell: int = 0
    not_before: int = 0
    """Unix milliseconds of the time when the cell was added."""

    def new(self) -> UUID:
        """Make an id."""
        return uuid7(self.cell, not_before=self.not_before)

    def chosen(self, milliseconds: int, random_bits: int) -> UUID:
        """Return the id for a time and for bits that the caller has chosen, of which the low 62 count."""
        return _made(max(milliseconds, self.not_before), self.cell, random_bits & _RANDOM_MASK)

    def series(self) -> Iterator[UUID]:
        """Make ids without end, each greater than the one before."""
        return uuid7_series(self.cell, not_before=self.not_before)


def _made(milliseconds: int, cell: int, random_bits: int) -> UUID:
    number = (milliseconds & _MILLISECONDS_MASK) << 80 | 0x7 << 76 | cell << 64 | 0x2 << 62 | random_bits
    # This does what `UUID(int=number)` does, without its checks, which would take twice as long as all of this.
    made = object.__new__(UUID)
    object.__setattr__(made, "int", number)
    object.__setattr__(made, "is_safe", SafeUUID.unknown)
    return made
