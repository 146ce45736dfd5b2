"""A sample event to try things out: a hall of 2,000 seats in three sections at three prices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from string import ascii_uppercase

from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.create_event import create_event
from holdfast.domain.catalogue.event import Event, EventDetails
from holdfast.domain.catalogue.seat import NewSeat

ON_SALE_DAYS = 30
"""Days until the sample event starts, during which it can be booked."""
LASTS_HOURS = 3


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    prefix: str
    rows: int
    seats_per_row: int
    price: int


_HALL = (
    _Section("Stalls", "ST", rows=20, seats_per_row=40, price=12_000),
    _Section("Circle", "CI", rows=16, seats_per_row=40, price=9_000),
    _Section("Balcony", "BA", rows=14, seats_per_row=40, price=6_000),
)


async def add_sample_event(catalogue: Catalogue, *, today: datetime) -> Event | None:
    """Store the sample event if there are no events yet. Return it, or None if there were events.

    Raises:
        Unavailable: if the database does not answer.
    """
    if await catalogue.reads.events(limit=1, offset=0, drafts_of=None):
        return None
    seats = [seat for section in _HALL for seat in _seats_of(section)]
    start_at = (today + timedelta(days=ON_SALE_DAYS)).replace(hour=19, minute=0, second=0, microsecond=0)
    event = await create_event(
        catalogue,
        EventDetails(
            name="Opening Night",
            description="A sample event: hold a seat, confirm it, let one run out.",
            venue="Harbour Hall",
            start_at=start_at,
            end_at=start_at + timedelta(hours=LASTS_HOURS),
            total_seats=len(seats),
        ),
    )
    await add_seats(catalogue, event.id, seats)
    return event


def _seats_of(section: _Section) -> list[NewSeat]:
    return [
        NewSeat(seat_number=f"{section.prefix}-{row}-{number:02}", price=section.price, section=section.name, row=row)
        for row in ascii_uppercase[: section.rows]
        for number in range(1, section.seats_per_row + 1)
    ]
