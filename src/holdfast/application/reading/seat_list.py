"""The seat list of an event: seats by number, in pages that are written again when a seat on them changes."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from json import JSONDecoder
from typing import TypeAlias

PAGE_SEATS = 256
"""Seats on a page: writing it takes less than 0.2 ms."""

Write: TypeAlias = Callable[[Sequence[bytes], Sequence[int]], tuple[bytes, bytes]]
"""Writes seats, all and the free ones, given what never changes of their JSON and their places in the chart."""

_NUMBER_AT = len('{"id":"","event_id":"","seat_number":') + 2 * 36
"""Where a seat's number begins in its JSON."""
_decode = JSONDecoder().raw_decode


def number_of(head: bytes) -> str:
    """Give the number of a seat by its JSON."""
    number: str = _decode(head[_NUMBER_AT:].decode())[0]
    return number


class Page:
    """Some seats that follow each other by number."""

    __slots__ = ("heads", "positions", "written")

    def __init__(self, heads: list[bytes], positions: "array[int]") -> None:
        self.heads = heads
        self.positions = positions
        self.written: tuple[bytes, bytes] | None = None
        """All its seats and the free ones, as members of an array; None where a seat has changed since."""


class SeatList:
    """Pages in the order of their seats' numbers (by code point, as PostgreSQL's collation "C" has it)."""

    def __init__(self, heads: Sequence[bytes], positions: "Sequence[int]") -> None:
        self.pages: list[Page] = []
        self._page_of: list[Page] = [Page([], array("I"))] * len(heads)
        self.size_bytes = 0
        self.stale = True
        """A page must be written before the list can be given."""
        for start in range(0, len(heads), PAGE_SEATS):
            some = slice(start, start + PAGE_SEATS)
            self._put(len(self.pages), Page(list(heads[some]), array("I", positions[some])))
        self._weigh(heads)

    def changed(self, position: int) -> None:
        """Take note that the seat at this place of the chart has another status."""
        self._page_of[position].written = None
        self.stale = True

    def unwritten(self) -> list[Page]:
        """Give the pages that must be written."""
        return [page for page in self.pages if page.written is None]

    def write(self, pages: Iterable[Page], write: Write) -> None:
        """Write pages."""
        for page in pages:
            page.written = write(page.heads, page.positions)

    def pieces(self, *, available_only: bool) -> list[bytes]:
        """Give the list as a JSON array in pieces; every page must have been written."""
        which = 1 if available_only else 0
        pieces = [b"["]
        for page in self.pages:
            assert page.written is not None
            if page.written[which]:
                pieces += (page.written[which], b",")
        if len(pieces) > 1:
            pieces.pop()
        pieces.append(b"]")
        return pieces

    def insert(self, heads: Sequence[bytes], positions: Sequence[int]) -> None:
        """Take in seats that were added to the chart, given by number; their places follow those there are."""
        self._page_of += [Page([], array("I"))] * len(heads)
        firsts = [number_of(page.heads[0]) for page in self.pages]
        by_page: dict[int, list[int]] = {}
        for place, head in enumerate(heads):
            by_page.setdefault(max(0, bisect_right(firsts, number_of(head)) - 1), []).append(place)
        for page_number in sorted(by_page, reverse=True):
            old = self.pages.pop(page_number) if self.pages else Page([], array("I"))
            for place in by_page[page_number]:
                at = bisect_left(old.heads, number_of(heads[place]), key=number_of)
                old.heads.insert(at, heads[place])
                old.positions.insert(at, positions[place])
            # Pages may come to be twice as long before they are divided.
            step = PAGE_SEATS if len(old.heads) > 2 * PAGE_SEATS else max(1, len(old.heads))
            for number, start in enumerate(range(0, len(old.heads), step)):
                some = slice(start, start + step)
                self._put(page_number + number, Page(old.heads[some], old.positions[some]))
        self._weigh(heads)
        self.stale = True

    def _put(self, number: int, page: Page) -> None:
        self.pages.insert(number, page)
        for position in page.positions:
            self._page_of[position] = page

    def _weigh(self, heads: Sequence[bytes]) -> None:
        """Count seats in with what they will take once they are written, with holders, and the free ones again."""
        self.size_bytes += 3 * sum(map(len, heads)) + 240 * len(heads)
