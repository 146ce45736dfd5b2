"""Reads a layout (`layout.py`) as to what its seats are called, not as to where they are."""

from collections.abc import Sequence
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


def number_at(row: LayoutRow, at: int) -> str:
    """Return what is printed on a seat of a row; the inverse of `packing.packed_numbers`."""
    if row.labels is not None:
        return row.labels[at]
    if row.label_runs is not None:
        return _number_in_runs(row.label_runs, at)
    first, step = row.place_numbers or row.numbers or (1, 1)
    return str(first + step * (at if row.place_numbers is None else _place(row.places or (), at)))


def _number_in_runs(runs: Sequence[Any], at: int) -> str:
    """Return a printed number out of runs, each of which is a text, or prefix, first number and count."""
    for run in runs:
        if isinstance(run, str):
            if at == 0:
                return run
            at -= 1
        elif at < run[2]:
            return f"{run[0]}{run[1] + at}"
        else:
            at -= run[2]
    return ""


def _place(places: Sequence[int], at: int) -> int:
    """Return the place of a seat on its arc, of which some places are empty."""
    for first, count in zip(places[::2], places[1::2], strict=True):
        if at < count:
            return first + at
        at -= count
    return at
