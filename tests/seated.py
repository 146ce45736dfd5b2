"""Puts the seats of an event into a hall, by SQL: sections, rows, coordinates, categories, areas."""

import json

from box_office import sql

_SEATS = """
    UPDATE seats s SET section_key = h.section, section = h.section, row_name = h.row_name, x = h.x, y = h.y,
        category = h.category, price = NULL, area = h.area, accessible = h.accessible
    FROM json_to_recordset($2::json) AS h (
        position int, section text, row_name text, x real, y real, category smallint, area boolean, accessible boolean
    )
    WHERE s.event_id = $1 AND s.position = h.position
"""


async def put_hall(database_url, event_id, *, rows: int, row_seats: int, area: int = 0, accessible=()) -> None:
    """Give the first seats rows and the next ones an area. The first half of the rows is `best`, the rest `good`.

    Args:
        rows: The rows of the section `stalls`, on the floor `ground`, in front of a stage at the top.
        row_seats: Seats in each row.
        area: Places of the area `pit`, whose category is `good`.
        accessible: Positions of accessible seats.
    """
    seats = [
        {
            "position": row * row_seats + place,
            "section": "stalls",
            "row_name": f"row {row + 1}",
            "x": float(place),
            "y": row + 1.0,
            "category": 1 if 2 * row < rows else 2,
            "area": False,
            "accessible": row * row_seats + place in accessible,
        }
        for row in range(rows)
        for place in range(row_seats)
    ]
    first = rows * row_seats
    seats += [
        {"position": first + place, "section": "pit", "category": 2, "area": True, "accessible": False}
        for place in range(area)
    ]
    sections = [
        {"key": "stalls", "name": "Stalls", "floor": "ground", "area": False, "focal": [row_seats / 2 - 0.5, 0]},
        {"key": "pit", "name": "Pit", "floor": "ground", "area": True, "focal": None},
    ]
    for number, (key, price) in enumerate((("best", 9_000), ("good", 5_000)), start=1):
        await sql(
            database_url,
            "INSERT INTO categories VALUES ($1, $2, $2, $3, $3, '#112233', $4)",
            event_id,
            number,
            key,
            price,
        )
    await sql(database_url, "INSERT INTO halls VALUES ($1, '{}', $2)", event_id, json.dumps(sections))
    await sql(database_url, _SEATS, event_id, json.dumps(seats))
