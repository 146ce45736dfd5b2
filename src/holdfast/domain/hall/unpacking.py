"""Reads a layout (`layout.py`) as to what its seats are called, not as to where they are."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct


class LayoutSection(Struct):
    """A section of a layout."""

    name: str | None = None
    key: str | None = None
    area: bool = False


class LayoutRow(Struct):
    """Seats that follow each other in the chart, without where they are on the map."""

    seats: int
    section: int | None = None
    label: str | None = None
    category: int | None = None
    categories: list[int | None] | None = None
    places: list[int] | None = None
    numbers: tuple[int, int] | None = None
    place_numbers: tuple[int, int] | None = None
    label_runs: list[Any] | None = None
    labels: list[str] | None = None


class LayoutCategory(Struct):
    """A price category of a layout."""

    key: str
    name: str
    color: str


class Layout(Struct):
    """What a layout says of seats; docs/halls.md describes every field."""

    ids: list[tuple[UUID, int]]
    sections: list[LayoutSection]
    rows: list[LayoutRow]
    categories: list[LayoutCategory]
    accessible: list[int]
    restricted_view: list[int]
    companions: list[tuple[int, int]]


_decoder = msgspec.json.Decoder(Layout)


def read_layout(body: bytes) -> Layout:
    """Read a layout, as it is sent."""
    return _decoder.decode(body)


class RowIndex:
    """Where the runs of a row's categories, numbers and places begin, so that nobody counts through them to a seat.

    A row may have 10,000 runs, and a page names hundreds of its seats.
    """

    __slots__ = ("_categories", "_category_firsts", "_label_firsts", "_labels", "_place_firsts", "_row")

    def __init__(self, row: LayoutRow) -> None:
        self._row = row
        categories = row.categories or [row.category, row.seats]
        self._categories = categories[::2]
        self._category_firsts = _firsts([seats or 0 for seats in categories[1::2]])
        self._labels = row.label_runs or []
        self._label_firsts = _firsts([1 if isinstance(run, str) else run[2] for run in self._labels])
        self._place_firsts = _firsts((row.places or [])[1::2])

    def category_at(self, at: int) -> int | None:
        """Return the place of a seat's category in the list of categories."""
        return self._categories[bisect_right(self._category_firsts, at) - 1]

    def number_at(self, at: int) -> str:
        """Return what is printed on a seat; the inverse of `packing.packed_numbers`."""
        row = self._row
        if row.labels is not None:
            return row.labels[at]
        if self._labels:
            place = bisect_right(self._label_firsts, at) - 1
            run = self._labels[place]
            return run if isinstance(run, str) else f"{run[0]}{run[1] + at - self._label_firsts[place]}"
        first, step = row.place_numbers or row.numbers or (1, 1)
        return str(first + step * (at if row.place_numbers is None else self._place_at(at)))

    def _place_at(self, at: int) -> int:
        """Return the place of a seat on its arc, of which some places are empty."""
        places = self._row.places
        if not places:
            return at
        run = bisect_right(self._place_firsts, at) - 1
        return places[2 * run] + at - self._place_firsts[run]


def _firsts(counts: Sequence[int]) -> list[int]:
    """Return where each of some runs begins that follow each other."""
    return list(accumulate(counts, initial=0))[:-1]
