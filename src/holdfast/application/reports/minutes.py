"""The sales of one event by minute and category, added up from its log."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holdfast.application.giving_way import give_way
from holdfast.application.reports.sales_ports import MinuteSales, StretchOfLog
from holdfast.domain.booking.snapshot import Mark

ROWS_PER_TURN = 5_000
"""Rows that are added up between two turns of the event loop, in a few milliseconds."""
_NO_CATEGORY = -1
_RECENT_MAX = 4_096


@dataclass(slots=True)
class Figures:
    """What happened to seats in a time."""

    held: int = 0
    sold: int = 0
    released: int = 0
    revenue: int = 0

    def add(self, held: int, sold: int, released: int, revenue: int) -> None:
        """Add what happened in a part of the time."""
        self.held += held
        self.sold += sold
        self.released += released
        self.revenue += revenue


ByCategory = dict[int | None, Figures]


class MinutesOfEvent:
    """One row for each minute and category in which something happened, about 34 bytes each."""

    def __init__(self, chart_edits: int) -> None:
        self.chart_edits = chart_edits
        """The edits of the chart with which categories were looked up. With other ones, all has to be read again."""
        self.mark: Mark | None = None
        """The state of the event up to which its log was added up; None before the first stretch."""
        self._minutes = array("q")
        self._categories = array("h")
        self._figures = (array("q"), array("q"), array("q"), array("q"))
        self._recent: dict[tuple[int, int], int] = {}
        """Where the latest rows are; a live sale is read every few seconds, and adds to the same ones."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._minutes)

    @property
    def version(self) -> int:
        """The version up to which the log was added up."""
        return 0 if self.mark is None else self.mark.version

    @property
    def first_minute(self) -> int | None:
        """The first minute in which something happened."""
        return min(self._minutes, default=None)

    @property
    def last_minute(self) -> int | None:
        """The last one."""
        return max(self._minutes, default=None)

    def add(self, stretch: StretchOfLog) -> None:
        """Add the stretch of the log that follows."""
        for sums in stretch.sums:
            self._add(sums)
        self.mark = stretch.mark

    def _add(self, sums: MinuteSales) -> None:
        category = _NO_CATEGORY if sums.category is None else sums.category
        figures = (sums.held, sums.sold, sums.released, sums.revenue)
        row = self._recent.get((sums.minute, category))
        if row is not None:
            for column, more in zip(self._figures, figures, strict=True):
                column[row] += more
            return
        if len(self._recent) >= _RECENT_MAX:
            self._recent.clear()
        self._recent[sums.minute, category] = len(self._minutes)
        self._minutes.append(sums.minute)
        self._categories.append(category)
        for column, value in zip(self._figures, figures, strict=True):
            column.append(value)

    async def series(self, edges: Sequence[int]) -> list[ByCategory]:
        """Return the figures of the buckets between some edges, which are in seconds since 1970."""
        buckets: list[ByCategory] = [{} for _ in edges[1:]]
        minutes, categories = self._minutes, self._categories
        held, sold, released, revenue = self._figures
        for start in range(0, len(self), ROWS_PER_TURN):
            if start:
                await give_way()
            for row in range(start, min(start + ROWS_PER_TURN, len(self))):
                place = bisect_right(edges, minutes[row] * 60) - 1
                if 0 <= place < len(buckets):
                    category = None if categories[row] == _NO_CATEGORY else categories[row]
                    figures = buckets[place].get(category)
                    if figures is None:
                        figures = buckets[place][category] = Figures()
                    figures.add(held[row], sold[row], released[row], revenue[row])
        return buckets


def total_of(buckets: Iterable[ByCategory]) -> ByCategory:
    """Add buckets up."""
    total: ByCategory = {}
    for bucket in buckets:
        for category, figures in bucket.items():
            total.setdefault(category, Figures()).add(figures.held, figures.sold, figures.released, figures.revenue)
    return total
