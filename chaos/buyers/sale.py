"""An event for virtual buyers, put on sale over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chaos.buyers.caller import Caller, Target
from chaos.buyers.client import BASE, SELLER
from chaos.histories.kept_back import code_of


class NoEventError(Exception):
    """The event of a run could not be created."""


@dataclass(frozen=True, slots=True)
class Sale:
    """An event and its seats."""

    event: str
    seats: Sequence[str]


async def put_on_sale(
    target: Target,
    *,
    seats: int,
    starts_in: timedelta = timedelta(days=2),
    limit: int | None = None,
    more: Mapping[str, object] | None = None,
) -> Sale:
    """Create an event with seats.

    Args:
        target: The node to ask; if it believes a gateway, that is this one.
        seats: How many.
        starts_in: When it begins.
        limit: How many of them one buyer may have; None for no limit.
        more: Further fields of the event.

    Raises:
        NoEventError: with the answer that was not 201.
    """
    start = datetime.now(UTC) + starts_in
    details = {
        "name": "Chaos",
        "start_at": start.isoformat(),
        "end_at": start.isoformat(),
        "total_seats": seats,
        "max_seats_per_buyer": limit,
        **(more or {}),
    }
    async with Caller(target) as caller:
        made = await caller.call("POST", f"{BASE}/events", details, user="organiser", headers=SELLER)
        if made.status != 201:
            raise NoEventError(f"{made.status} {made.body[:300]!r}")
        event = made.json()["id"]
        body = {"prefix": "A", "count": seats, "price": 5_000}
        added = await caller.call("POST", f"{BASE}/events/{event}/seats/bulk", body, user="organiser", headers=SELLER)
        if added.status != 201:
            raise NoEventError(f"{added.status} {added.body[:300]!r}")
        return Sale(event, [seat["id"] for seat in added.json()])


async def add_channel(target: Target, sale: Sale, key: str, *, opens_in: timedelta | None = None) -> None:
    """Add a channel without seats, with the code that `kept_back.code_of` gives it.

    Raises:
        NoEventError: with the answer that was not 200.
    """
    opens_at = None if opens_in is None else (datetime.now(UTC) + opens_in).isoformat()
    body = {"name": key, "access_code": code_of(key), "opens_to_all_at": opens_at}
    async with Caller(target) as caller:
        path = f"{BASE}/events/{sale.event}/channels/{key}"
        put = await caller.call("PUT", path, body, user="organiser", headers=SELLER)
        if put.status != 200:
            raise NoEventError(f"{put.status} {put.body[:300]!r}")


async def move_seats(target: Target, sale: Sale, key: str, seats: Sequence[str], *, back: bool = False) -> int:
    """Keep seats back for a channel, or give them back to all; return the answer's status."""
    path = f"{BASE}/events/{sale.event}/channels/{key}/seats{'/release' if back else ''}"
    async with Caller(target) as caller:
        moved = await caller.call("POST", path, {"seat_ids": list(seats)}, user="organiser", headers=SELLER)
        return moved.status
