"""The seat list of an event, by seat number, in pages that are rewritten when one of their seats changes."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from json import JSONDecoder
from typing import TypeAlias

PAGE_SEATS = 256
"""Seats per page. Writing a page takes less than 0.2 ms."""

Write: TypeAlias = Callable[[Sequence[bytes], Sequence[int]], tuple[bytes, bytes]]
"""Writes seats: all of them, and only the free ones. It takes the constant part of their JSON and their positions in
the chart."""

_NUMBER_AT = len('{"id":"","event_id":"","seat_number":') + 2 * 36
"""The offset of a seat's number in its JSON."""
_decode = JSONDecoder().raw_decode


def number_of(head: bytes) -> str:
    """Return a seat's number, taken from its JSON."""
    number: str = _decode(head[_NUMBER_AT:].decode())[0]
    return number


class Page:
    """Consecutive seats, by number."""

    __slots__ = ("heads", "positions", "written")

    def __init__(self, heads: list[bytes], positions: "array[int]") -> None:
        self.heads = heads
        self.positions = positions
        self.written: tuple[bytes, bytes] | None = None
        """All of its seats, and only the free ones, as members of an array; None if a seat has changed since."""


class SeatList:
    """Pages in the order of their seats' numbers (by code point, as in PostgreSQL's collation "C")."""

    def __init__(self, heads: Sequence[bytes], positions: "Sequence[int]") -> None:
        self.pages: list[Page] = []
        self._page_of: list[Page] = [Page([], array("I"))] * len(heads)
        self.size_bytes = 0
        self.stale = True
        """Whether a page must be rewritten before the list can be read."""
        for start in range(0, len(heads), PAGE_SEATS):
            some = slice(start, start + PAGE_SEATS)
            self._put(len(self.pages), Page(list(heads[some]), array("I", positions[some])))
        self._weigh(heads)

    def changed(self, position: int) -> None:
        """Record that the seat at this position in the chart has another status."""
        self._page_of[position].written = None
        self.stale = True

    def unwritten(self) -> list[Page]:
        """Return the pages that must be rewritten."""
        return [page for page in self.pages if page.written is None]

    def write(self, pages: Iterable[Page], write: Write) -> None:
        """Write the given pages with `write`."""
        for page in pages:
            page.written = write(page.heads, page.positions)

    def pieces(self, *, available_only: bool) -> list[bytes]:
        """Return the list as a JSON array in pieces. Every page must have been written."""
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
        """Insert seats that were added to the chart, sorted by number. Their positions follow the existing ones."""
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
            # A page may grow to twice its size before it is divided.
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
        """Count the size the seats will have once they are written with holders, and once more as free seats."""
        self.size_bytes += 3 * sum(map(len, heads)) + 240 * len(heads)
