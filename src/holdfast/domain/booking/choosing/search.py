"""Searches for the nearest window of free neighbours."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from holdfast.domain.booking.choosing.pool import Pool
from holdfast.domain.booking.choosing.seating import Place, Row
from holdfast.domain.booking.choosing.windows import (
    beside,
    holding,
    leaving_single,
    lowest_bit,
    separating,
    windows,
)

ROWS_MAX = 16
"""Rows compared in one search. They are visited in the order of their nearest seats, so that only a window that is not
much better can be missed."""

Starts = Callable[[int], int]
"""Returns the first bits of the windows of a block."""


@dataclass(frozen=True, slots=True)
class Window:
    """A place where neighbours are free."""

    row: Row
    bit: int
    """Of the first seat, in its block."""
    count: int

    @property
    def places(self) -> list[Place]:
        """Its seats, in order."""
        return [Place(self.row.block, bit) for bit in range(self.bit, self.bit + self.count)]

    @property
    def offset(self) -> float:
        """How far its middle is from the middle of its row, in seats."""
        return self.bit - self.row.start + (self.count - 1) / 2 - self.row.middle


def nearest_window(pool: Pool, count: int, starts: Starts, *, first_block: int = 0) -> Window | None:
    """Return the nearest of the windows that `starts` finds.

    Args:
        pool: Where to search.
        count: The length of the windows.
        starts: Finds the windows.
        first_block: The blocks before it have none.
    """
    best: tuple[Row, int] | None = None
    nearest = inf
    rows = 0
    for number in range(first_block, pool.seating.row_blocks):
        block = pool.seating.blocks[number]
        if block.nearest * count > nearest:
            break
        found = starts(number)
        while found:
            row = block.row_of(lowest_bit(found))
            rows += 1
            if row.nearest * count > nearest or rows > ROWS_MAX:
                found = 0
                break
            in_row = found >> row.start & row.mask
            found ^= in_row << row.start
            for bit in beside(in_row, max(0, row.middle - (count - 1) // 2)):
                distance = block.distance(row.start + bit, count)
                if distance < nearest:
                    best, nearest = (row, row.start + bit), distance
        if rows > ROWS_MAX:
            break
    return None if best is None else Window(best[0], best[1], count)


def window_in(row: Row, found: int, count: int, offset: float) -> Window:
    """Return the window of a row that is nearest to a place `offset` seats beside the row's middle.

    Args:
        row: The row.
        found: The first bits of its windows, counted from the row's start; there is one at least.
        count: Their length.
        offset: Where the middle of the window would ideally be.
    """
    ideal = max(0, round(row.middle + offset - (count - 1) / 2))
    bit = min(beside(found, ideal), key=lambda bit: abs(bit - ideal))
    return Window(row, row.start + bit, count)


def ordinary_window(pool: Pool, count: int) -> Window | None:
    """Return the nearest window of ordinary seats: if possible, one that leaves no single seat alone."""

    def every(block: int) -> int:
        return windows(pool.ordinary(block), count)

    def clean(block: int) -> int:
        found = every(block)
        return found & ~leaving_single(pool.ordinary_for_all(block), count) if found else 0

    end = pool.seating.row_blocks
    first = pool.first_block(count, every, end=end)
    if first == end:
        return None
    return nearest_window(pool, count, clean, first_block=first) or nearest_window(
        pool, count, every, first_block=first
    )


def mixed_window(pool: Pool, count: int, accessible: int) -> Window | None:
    """Return the nearest window with a number of accessible seats, each companion in it beside its accessible seat.

    More accessible seats than asked for are given only if there is no other window, and companions are left behind
    without their seat only if that cannot be helped.
    """
    seating = pool.seating

    def exactly(block: int) -> int:
        return holding(_with_partners(pool, block, count), pool.accessible(block), count, accessible, exactly=True)

    def stranding_none(block: int) -> int:
        found = exactly(block)
        fitting = pool.fitting(block)
        for offset, tied in seating.ties[block].items() if found else ():
            if offset is not None:
                left = fitting & tied
                found &= ~separating(left << offset if offset >= 0 else left >> -offset, -offset, count)
        return found

    def at_least(block: int) -> int:
        return holding(_with_partners(pool, block, count), pool.accessible(block), count, accessible, exactly=False)

    end = pool.seating.row_blocks
    first = pool.first_block(("mixed", count, accessible), at_least, end=end)
    if first == end:
        return None
    for starts in (stranding_none, exactly, at_least):
        window = nearest_window(pool, count, starts, first_block=first)
        if window is not None:
            return window
    return None


def _with_partners(pool: Pool, block: int, count: int) -> int:
    """Return the first bits of the windows that contain no companion without its accessible seat."""
    found = windows(pool.sellable(block), count)
    for offset, tied in pool.seating.ties[block].items() if found else ():
        found &= ~separating(tied, offset, count)
    return found
