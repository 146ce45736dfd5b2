"""Writes a hall as CSV."""

import csv
import io
from collections import Counter
from collections.abc import Sequence

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.formulas import defused
from holdfast.domain.hall.document import Hall
from holdfast.domain.hall.imported import Steps
from holdfast.domain.hall.seat_list.lines import COLUMNS
from holdfast.domain.hall.seats import SeatColumns, seats_of


def csv_writing(hall: Hall, categories: Sequence[CategoryDetails]) -> Steps[bytes]:
    """Write a line for each seat.

    A list cannot express floors, outlines, shapes, seat numbers of their own, companions or restricted views. Places
    of an area have neither row nor position. What a spreadsheet would take for a formula gets an apostrophe, which the
    reader takes away.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    price_of: dict[str | None, int] = {category.key: category.price for category in categories}
    name_of = _names(categories)
    for seats in seats_of(hall, slice_seats=1_000):
        writer.writerows(_lines(seats, name_of, price_of))
        yield
    return text.getvalue().encode()


def _lines(
    seats: SeatColumns, name_of: dict[str | None, str], price_of: dict[str | None, int]
) -> list[tuple[object, ...]]:
    return [
        (
            defused(seats.sections[at]),
            defused(seats.rows[at] or ""),
            defused(seats.numbers[at]),
            name_of.get(category, category or ""),
            price_of.get(category, "") if seats.prices[at] is None else seats.prices[at],
            "" if seats.areas[at] else _short(seats.xs[at]),
            "" if seats.areas[at] else _short(seats.ys[at]),
            "yes" if seats.accessible[at] else "",
        )
        for at, category in enumerate(seats.categories)
    ]


def _short(coordinate: float | None) -> str:
    return "" if coordinate is None else f"{coordinate:.3f}".rstrip("0").rstrip(".")


def _names(categories: Sequence[CategoryDetails]) -> dict[str | None, str]:
    """Return the names of categories by key; the key where the name would be read as another category's."""
    keys = {category.key for category in categories}
    often = Counter(category.name for category in categories)
    return {
        category.key: category.key if often[category.name] > 1 or category.name in keys else defused(category.name)
        for category in categories
    }
