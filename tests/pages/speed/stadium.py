"""The event that the measurements look at: a stadium, with a third of its seats taken."""

from dataclasses import dataclass, field

import msgspec

from holdfast.bench.proportion.ground import Ground
from holdfast.bench.server import BASE
from holdfast.domain.hall.samples import STADIUM_CATEGORIES, stadium


@dataclass(frozen=True)
class Stadium:
    """An event in a stadium, on sale."""

    id: str
    seat_ids: list[str] = field(repr=False)


def open_stadium(on: Ground, seats: int) -> Stadium:
    """Create the event on a node; every third seat is held."""
    caller = on.server.caller
    event_id = on.server.open_event(seats)
    categories = [
        {"key": category.key, "name": category.name, "color": category.color, "price": category.price}
        for category in STADIUM_CATEGORIES
    ]
    caller.json("PUT", f"{BASE}/events/{event_id}/categories", categories)
    caller.json("PUT", f"{BASE}/events/{event_id}/hall", msgspec.to_builtins(stadium(seats)))
    return Stadium(event_id, [seat["id"] for seat in caller.json("GET", f"{BASE}/events/{event_id}/seats")])
