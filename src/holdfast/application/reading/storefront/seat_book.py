"""An event's seats by the names that are printed on them: which section, which row, which number."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias
from uuid import UUID

from holdfast.application.reading.storefront.ports import PriceRun
from holdfast.domain.hall.unpacking import LayoutSection, RowIndex, read_layout

Stretches: TypeAlias = list[tuple[int, int]]
"""Where some seats are in the chart: first position and number of seats of those that follow each other."""


@dataclass(frozen=True, slots=True)
class SeatName:
    """A seat as a buyer knows it."""

    id: UUID
    position: int
    """In the chart."""
    section: str | None
    section_key: str | None
    row: str | None
    number: str
    category: str | None
    """Its key."""
    area: bool
    """It is a place of an area for general admission: nobody chooses it by its number."""
    accessible: bool
    restricted_view: bool
    companion_of: int | None
    """The position of the accessible seat that it is sold with."""
    own_price: int | None


@dataclass(frozen=True, slots=True)
class SectionOfBook:
    """A section, with the rows that are in it, as places in the book's list of rows."""

    at: int
    name: str | None
    key: str | None
    area: bool
    rows: list[int]
    """Ascending."""
    seats: int
    stretches: Stretches
    """Rows that follow each other are one."""


class SeatBook:
    """The names of all seats of one version of a chart. It is made from the layout and as small."""

    def __init__(self, layout: bytes, prices: Sequence[PriceRun]) -> None:
        """Read a layout (`holdfast-layout/1`).

        Args:
            layout: The layout, as it is sent.
            prices: The prices that seats have of their own, in chart order.
        """
        self._layout = read_layout(layout)
        self._firsts = list(accumulate((row.seats for row in self._layout.rows), initial=0))
        self.seats = self._firsts.pop()
        self._series = list(accumulate((count for _, count in self._layout.ids), initial=0))
        self._accessible = frozenset(self._layout.accessible)
        self._restricted = frozenset(self._layout.restricted_view)
        self._companions = dict(self._layout.companions)
        self._prices = prices
        self._price_firsts = [run.first for run in prices]
        self._indexes: dict[int, RowIndex] = {}
        self._section_at: dict[int | None, int] = {}
        self.sections = self._sections()
        self.categories = self._category_stretches()
        """Where the seats of each category are, by its key."""
        self.size_bytes = 2_000 + 6 * len(layout) + 200 * len(prices)
        """Roughly how much memory it takes."""

    def _sections(self) -> list[SectionOfBook]:
        rows_of: dict[int | None, list[int]] = {}
        for at, row in enumerate(self._layout.rows):
            rows_of.setdefault(row.section, []).append(at)
        sections: list[SectionOfBook] = []
        for place, rows in rows_of.items():
            section = LayoutSection() if place is None else self._layout.sections[place]
            seats = sum(self._layout.rows[at].seats for at in rows)
            name = section.name or section.key
            stretches: Stretches = []
            for at in rows:
                _extend(stretches, *self.stretch(at))
            self._section_at[place] = len(sections)
            sections.append(SectionOfBook(len(sections), name, section.key, section.area, rows, seats, stretches))
        return sections

    def _category_stretches(self) -> dict[str | None, Stretches]:
        found: dict[str | None, Stretches] = {}
        for row in range(len(self._layout.rows)):
            for key, first, seats in self.category_stretches(row):
                _extend(found.setdefault(key, []), first, seats)
        return found

    def place_of(self, row: int) -> tuple[SectionOfBook, int]:
        """Return the section of a row, and the row's place among the section's rows."""
        section = self.sections[self._section_at[self._layout.rows[row].section]]
        return section, bisect_left(section.rows, row)

    @property
    def has_accessible_seats(self) -> bool:
        """Whether there are places for wheelchairs."""
        return bool(self._accessible)

    def stretch(self, row: int) -> tuple[int, int]:
        """Return the position of a row's first seat in the chart, and the number of its seats."""
        return self._firsts[row], self._layout.rows[row].seats

    def category_stretches(self, row: int) -> Iterator[tuple[str | None, int, int]]:
        """Yield the categories of a row's seats: key, first position, number of seats."""
        first, count = self.stretch(row)
        body = self._layout.rows[row]
        if body.categories is None:
            yield self._key(body.category), first, count
            return
        for place, seats in zip(body.categories[::2], body.categories[1::2], strict=True):
            yield self._key(place), first, seats or 0
            first += seats or 0

    def names(self, row: int, *, skip: int = 0, limit: int | None = None) -> list[SeatName]:
        """Return the seats of a row in chart order: from the `skip`th on, at most `limit`."""
        first, count = self.stretch(row)
        stop = count if limit is None else min(count, skip + limit)
        return [self._name(row, first + at, at) for at in range(skip, stop)]

    def name_at(self, position: int) -> SeatName:
        """Return the seat at a position in the chart."""
        row = self.row_at(position)
        return self._name(row, position, position - self._firsts[row])

    def row_at(self, position: int) -> int:
        """Return the row of a position in the chart."""
        return bisect_right(self._firsts, position) - 1

    def _name(self, row: int, position: int, at: int) -> SeatName:
        body = self._layout.rows[row]
        section = LayoutSection() if body.section is None else self._layout.sections[body.section]
        index = self._index(row)
        return SeatName(
            id=self._id_at(position),
            position=position,
            section=section.name or section.key,
            section_key=section.key,
            row=body.label,
            number=index.number_at(at),
            category=self._key(index.category_at(at)),
            area=section.area,
            accessible=position in self._accessible,
            restricted_view=position in self._restricted,
            companion_of=self._companions.get(position),
            own_price=self.own_price(position),
        )

    def own_price(self, position: int) -> int | None:
        """Return the price that the seat at a position has of its own; None if it has its category's."""
        at = bisect_right(self._price_firsts, position) - 1
        if at < 0:
            return None
        run = self._prices[at]
        return run.price if position < run.first + run.seats else None

    def _index(self, row: int) -> RowIndex:
        index = self._indexes.get(row)
        if index is None:
            index = self._indexes[row] = RowIndex(self._layout.rows[row])
        return index

    def equals(self, row: int, position: int, other: SeatName) -> bool:
        """Return whether a seat costs as much as another and is of the same kind, and is no companion's.

        This takes a tenth of the time of naming it.
        """
        return (
            self._key(self._index(row).category_at(position - self._firsts[row])) == other.category
            and self.own_price(position) == other.own_price
            and (position in self._accessible) == other.accessible
            and position not in self._companions
        )

    @property
    def price_runs(self) -> Sequence[PriceRun]:
        """The prices that seats have of their own."""
        return self._prices

    def _id_at(self, position: int) -> UUID:
        at = bisect_right(self._series, position) - 1
        return UUID(int=self._layout.ids[at][0].int + position - self._series[at])

    def _key(self, category: int | None) -> str | None:
        return None if category is None else self._layout.categories[category].key


def _extend(stretches: Stretches, first: int, seats: int) -> None:
    """Add some seats to stretches, to the last one if they follow it."""
    if stretches and sum(stretches[-1]) == first:
        stretches[-1] = (stretches[-1][0], stretches[-1][1] + seats)
    elif seats:
        stretches.append((first, seats))
