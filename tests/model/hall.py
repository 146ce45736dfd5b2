"""An event whose hall has what the model knows: an accessible seat with its companion, and an area."""

import json

from box_office import OnSale, an_event, sql
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.put_categories import put_categories
from holdfast.application.catalogue.put_hall import put_hall
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.imported import Imported
from holdfast.domain.hall.reading import read_hall

STANDARD = CategoryDetails("std", "Standard", "#3a7bd5", 1_000)
ACCESSIBLE, COMPANION, PLACE = 1, 2, 4
AREA = frozenset({PLACE, PLACE + 1})
HALL = {
    "format": "holdfast-hall/1",
    "sections": [
        {
            "key": "stalls",
            "name": "Stalls",
            "category": "std",
            "rows": [
                {
                    "label": "A",
                    "count": 4,
                    "start": [0, 0],
                    "end": [75, 0],
                    "exceptions": [
                        {"seats": ["2"], "accessible": True},
                        {"seats": ["3"], "companion_of": "2"},
                    ],
                }
            ],
        },
        {"key": "pit", "name": "Pit", "category": "std", "capacity": 2},
    ],
}


async def hall_on_sale(database_url, engine, **wanted):
    """Put an event on sale whose hall has an accessible seat with a companion, and an area."""
    event = await create_event(engine.catalogue, an_event(**wanted))
    await put_categories(engine.catalogue, event.id, [STANDARD])
    hall = read_hall(json.dumps(HALL).encode())

    async def read(known):
        return Imported(hall, known)

    await put_hall(engine.catalogue, event.id, read)
    seats = await sql(database_url, "SELECT id FROM seats WHERE event_id = $1 ORDER BY position", event.id)
    return OnSale(event.id, tuple(seat["id"] for seat in seats))
