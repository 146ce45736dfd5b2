"""A sample event to try things out: a concert hall of about 2,000 places at three prices."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.put_categories import put_categories
from holdfast.application.catalogue.put_hall import put_hall
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.event import Event, EventDetails
from holdfast.domain.hall.imported import Imported
from holdfast.domain.hall.samples import SAMPLE_CATEGORIES, sample_hall

ON_SALE_DAYS = 30
"""Days until the sample event starts, during which it can be booked."""
LASTS_HOURS = 3
ZONE = "Asia/Tokyo"
TOTAL_SEATS = 2_008
"""As many as the hall has."""


async def add_sample_event(catalogue: Catalogue, *, today: datetime) -> Event | None:
    """Store the sample event if there are no events yet. Return it, or None if there were events.

    Raises:
        Unavailable: if the database does not answer.
    """
    if await catalogue.reads.events(limit=1, offset=0, drafts_of=None):
        return None
    day = (today + timedelta(days=ON_SALE_DAYS)).astimezone(ZoneInfo(ZONE))
    start_at = day.replace(hour=19, minute=0, second=0, microsecond=0)
    event = await create_event(
        catalogue,
        EventDetails(
            name="Opening Night",
            description="A sample event: hold a seat, confirm it, let one run out.",
            venue="Aoyama Concert Hall",
            start_at=start_at,
            end_at=start_at + timedelta(hours=LASTS_HOURS),
            total_seats=TOTAL_SEATS,
            timezone=ZONE,
        ),
    )
    await put_categories(catalogue, event.id, SAMPLE_CATEGORIES)
    await put_hall(catalogue, event.id, _read)
    return event


async def _read(known: list[CategoryDetails]) -> Imported:
    return Imported(sample_hall(), known)
