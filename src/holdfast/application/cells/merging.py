"""Pages of one list whose entries are spread over several cells."""

import heapq
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from holdfast.application.cells.view import View

Part = TypeVar("Part")
Teller = TypeVar("Teller")
Entry = TypeVar("Entry")
Key = TypeVar("Key")

SKIPPED_MAX = 200
"""Entries in front of a page that are read and thrown away. Larger offsets are first brought near."""
KEYS_OF_CELL = 128
"""How many keys each cell tells in one round, if there are up to 32 cells."""
_KEYS_PER_CELL = 4
"""With more cells each tells so many times as many keys: a round must always skip most of what is left."""


@dataclass(frozen=True, slots=True)
class Stride:
    """Which keys of a list are told: that of every `step`-th of the `span` entries behind the first `offset`."""

    offset: int
    span: int
    step: int


class Read(Protocol[Entry]):
    """Reads a page of a cell's own list."""

    def __call__(self, *, limit: int, offset: int) -> Awaitable[list[Entry]]:
        """Return at most `limit` entries after the first `offset`."""
        ...


@dataclass(frozen=True, slots=True)
class MergedList(Generic[Part, Teller, Entry, Key]):
    """A list of which each cell has a part. It is sorted by keys, the greatest first, and no two are the same."""

    cells: View[Part]
    reading: Callable[[Part], Read[Entry]]
    """Returns what reads the list of a cell."""
    tellers: View[Teller]
    """What tells keys, of the same cells."""
    keys: Callable[[Teller, Stride], Awaitable[Sequence[Key]]]
    """Tells some keys of the list of a cell, in its order, with one statement."""
    key_of: Callable[[Entry], Key]

    async def page(self, *, limit: int, offset: int) -> list[Entry]:
        """Return a page of all parts together.

        An offset counts in the merged list, and nobody knows how many of the skipped entries are in which cell. For an
        offset of a million, each cell would have to send a million. So large offsets are brought near first: each cell
        tells the keys of some entries at equal distances. These show for each cell how many entries it has for certain
        in front of the page. Two or three such rounds are enough, unless nearly all entries are in one of many cells.

        Args:
            limit: The most entries.
            offset: How many to skip.

        Raises:
            ConnectionLost: No cell answers.
        """
        skipped: Counter[int] = Counter()
        left, windows = offset, 2
        while left > SKIPPED_MAX:
            span, step = _reach(left, self.cells.count, windows)
            told = await self._told(skipped, span, step)
            if not any(told.values()):  # all of them have fewer entries left than that, so the page is behind the end
                return []
            steps, at_an_end = _steps_before(left, told, step, span // step)
            skipped.update({number: count * step for number, count in steps.items()})
            left -= steps.total() * step
            if at_an_end:  # a cell with more of the list than its share has told all that it was asked for
                windows *= 2

        async def read(number: int, part: Part) -> list[Entry]:
            return await self.reading(part)(limit=limit + left, offset=skipped[number])

        lists = (await self.cells.ask_all(read)).values()
        return list(islice(_merged(lists, self.key_of), left, left + limit))

    async def _told(self, skipped: Mapping[int, int], span: int, step: int) -> dict[int, Sequence[Key]]:
        async def tell(number: int, teller: Teller) -> Sequence[Key]:
            return await self.keys(teller, Stride(skipped[number], span, step))

        return await self.tellers.ask_all(tell)


def _reach(left: int, cells: int, windows: int) -> tuple[int, int]:
    """Return how far each cell looks, and the distance of the keys that it tells.

    Every cell looks as far as its share of what is left, times `windows`. The distance is at most that share: then any
    key at all is in front of the page.
    """
    span = min(left, windows * -(-left // cells))
    keys_max = max(KEYS_OF_CELL, _KEYS_PER_CELL * cells)
    step = max(1, min(-(-span // keys_max), left // cells))
    return min(span, step * keys_max) // step * step, step


def _steps_before(left: int, told: Mapping[int, Sequence[Key]], step: int, most: int) -> tuple[Counter[int], bool]:
    """Return how many steps each cell may skip so that all that is skipped is among the first `left` of all entries.

    In front of a key are, of its own cell, all entries up to it; of any other cell those up to its last key that is
    greater, and perhaps some of the next step.

    Args:
        left: How many entries are in front of the page.
        told: The keys that each cell has told.
        step: How far apart these are.
        most: How many keys a cell tells if its list goes on behind the last of them.

    Returns:
        The steps; and whether more could have been skipped if one of the cells had looked further.
    """
    steps: Counter[int] = Counter()
    perhaps = (len(told) - 1) * (step - 1)
    numbered = _merged(([(key, number) for key in keys] for number, keys in told.items()), lambda one: one)
    for taken, (_, number) in enumerate(numbered, start=1):
        if taken * step + perhaps > left:
            return steps, False
        steps[number] += 1
        if steps[number] == most:
            return steps, True
    return steps, False


def _merged(lists: Iterable[Sequence[Entry]], key_of: Callable[[Entry], Any]) -> Iterable[Entry]:
    return heapq.merge(*lists, key=key_of, reverse=True)
