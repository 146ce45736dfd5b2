"""Stored charts for tests: what a hall's seats become in the database, and a layout read as a renderer reads it."""

import json
from collections.abc import Iterator
from math import atan, cos, hypot, sin
from uuid import UUID

from holdfast.domain.hall.document import Hall
from holdfast.domain.hall.layout import ChartSeats, LayoutMaker
from holdfast.domain.hall.seats import SeatColumns, seats_of

FIRST_ID = UUID("019a0000-0000-7000-8000-000000000000")


def stored(hall: Hall, slice_seats: int = 2000) -> Iterator[ChartSeats]:
    """Store a hall's seats: each gets the next id."""
    slices = list(seats_of(hall, slice_seats=slice_seats))
    numbers = [number for each in slices for number in each.seat_numbers]
    id_of = {number: UUID(int=FIRST_ID.int + at) for at, number in enumerate(numbers)}
    for each in slices:
        yield as_stored(each, id_of)


def as_stored(seats: SeatColumns, id_of: dict[str, UUID]) -> ChartSeats:
    return ChartSeats(
        ids=[id_of[number] for number in seats.seat_numbers],
        seat_numbers=seats.seat_numbers,
        sections=seats.sections,
        section_keys=seats.section_keys,
        rows=seats.rows,
        categories=seats.categories,
        xs=seats.xs,
        ys=seats.ys,
        areas=seats.areas,
        accessible=seats.accessible,
        companions_of=[None if number is None else id_of[number] for number in seats.companions_of],
        restricted_views=seats.restricted_views,
    )


def layout_of(hall: Hall, categories, slices) -> bytes:
    maker = LayoutMaker(hall, categories)
    for each in slices:
        maker.add(each)
    return maker.finish()


def read_layout(raw: bytes) -> list[dict]:
    """Return the seats of a layout, read as docs/halls.md says and with no code of the writer."""
    layout = json.loads(raw)
    unit, (left, top) = layout["unit"], layout["origin"]
    seats = []
    for row in layout["rows"]:
        count = row["seats"]
        section = layout["sections"][row["section"]] if "section" in row else {}
        runs = row.get("categories", [row.get("category"), count])
        categories = [at for at, times in zip(runs[::2], runs[1::2], strict=True) for _ in range(times)]
        places, positions = places_and_positions(row, count)
        numbers = numbers_in(row, places, count)
        seats += [
            {
                "section": section.get("key"),
                "row": row.get("label"),
                "number": numbers[at],
                "category": None if categories[at] is None else layout["categories"][categories[at]]["key"],
                "at": positions and (left + unit * positions[at][0], top + unit * positions[at][1]),
            }
            for at in range(count)
        ]
    ids = [UUID(int=UUID(first).int + at) for first, times in layout["ids"] for at in range(times)]
    assert len(ids) == len(seats) == layout["seats"]
    for seat, seat_id in zip(seats, ids, strict=True):
        seat["id"] = seat_id
    for name in ("accessible", "restricted_view"):
        for at in layout[name]:
            seats[at][name] = True
    for at, other in layout["companions"]:
        seats[at]["companion_of"] = ids[other]
    return seats


def places_and_positions(row: dict, count: int):
    places = list(range(count))
    if "places" in row:
        runs = row["places"]
        places = [at for first, times in zip(runs[::2], runs[1::2], strict=True) for at in range(first, first + times)]
    if "x" in row:
        return places, list(zip(added_up(row["x"]), added_up(row["y"]), strict=True))
    if "from" not in row:
        return places, None
    (x0, y0), (x1, y1) = row["from"], row.get("to", row["from"])
    rise, chord, last = row.get("rise", 0), hypot(x1 - x0, y1 - y0), max(places[-1], 1)
    if not rise:
        return places, [(x0 + (x1 - x0) * at / last, y0 + (y1 - y0) * at / last) for at in places]
    ux, uy = (x1 - x0) / chord, (y1 - y0) / chord
    radius = (chord**2 / 4 + rise**2) / (2 * rise)
    center_x, center_y = (x0 + x1) / 2 - uy * (rise - radius), (y0 + y1) / 2 + ux * (rise - radius)
    half = 2 * atan(2 * rise / chord)
    angles = [half * (2 * at / last - 1) for at in places]
    return places, [
        (
            center_x + radius * (ux * sin(angle) - uy * cos(angle)),
            center_y + radius * (uy * sin(angle) + ux * cos(angle)),
        )
        for angle in angles
    ]


def numbers_in(row: dict, places: list[int], count: int) -> list[str]:
    if "labels" in row:
        return row["labels"]
    if "label_runs" in row:
        return [
            number
            for entry in row["label_runs"]
            for number in (
                [entry]
                if isinstance(entry, str)
                else [f"{entry[0]}{at}" for at in range(entry[1], entry[1] + entry[2])]
            )
        ]
    if "place_numbers" in row:
        first, step = row["place_numbers"]
        return [str(first + step * at) for at in places]
    first, step = row.get("numbers", [1, 1])
    return [str(first + step * at) for at in range(count)]


def added_up(differences: list[int]) -> list[int]:
    values = [0]
    for difference in differences:
        values.append(values[-1] + difference)
    return values[1:]
