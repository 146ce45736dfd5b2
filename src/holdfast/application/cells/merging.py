"""Pages of one list whose entries are spread over several cells."""

import heapq
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any, Protocol, TypeVar

from holdfast.application.cells.view import View

Part = TypeVar("Part")
Entry = TypeVar("Entry")

SKIPPED_MAX = 200
"""Entries in front of a page that are read and thrown away. Larger offsets are first brought near."""


class Read(Protocol[Entry]):
    """Reads a page of a cell's own list."""

    def __call__(self, *, limit: int, offset: int) -> Awaitable[list[Entry]]:
        """Return at most `limit` entries after the first `offset`."""
        ...


async def merged_page(
    cells: View[Part],
    reading: Callable[[Part], Read[Entry]],
    *,
    order: Callable[[Entry], Any],
    limit: int,
    offset: int,
) -> list[Entry]:
    """Return a page of the lists of all cells together, those with the greatest `order` first.

    An offset counts in the merged list, and nobody knows how many of the skipped entries are in which cell. For an
    offset of a million, each cell would have to send a million. So large offsets are brought near step by step: of n
    cells, each is asked for the last of its next offset / n entries. The cell whose such entry comes first has all of
    these before the page, so they are skipped there. Each step takes an n-th off what is left.

    Args:
        cells: The cells.
        reading: Returns what reads the list of a cell, which is sorted in the same way.
        order: What entries are sorted by. It differs for all entries.
        limit: The most entries.
        offset: How many to skip.

    Raises:
        ConnectionLost: No cell answers.
    """
    skipped: dict[int, int] = {}
    left = offset
    step = 0

    async def look(number: int, part: Part) -> list[Entry]:
        return await reading(part)(limit=1, offset=skipped.get(number, 0) + step - 1)

    async def read(number: int, part: Part) -> list[Entry]:
        return await reading(part)(limit=limit + left, offset=skipped.get(number, 0))

    while left > SKIPPED_MAX:
        step = max(1, left // cells.count)
        seen = {number: entries[0] for number, entries in (await cells.ask_all(look)).items() if entries}
        if not seen:  # all of them have fewer entries left than that, so the page is behind the end
            return []
        first = max(seen, key=lambda number: order(seen[number]))
        skipped[first] = skipped.get(first, 0) + step
        left -= step
    lists = (await cells.ask_all(read)).values()
    return list(islice(heapq.merge(*lists, key=order, reverse=True), left, left + limit))
