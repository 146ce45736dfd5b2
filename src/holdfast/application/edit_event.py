"""Edit an event."""

from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue import Written
from holdfast.application.desk import Desk
from holdfast.application.ports import CatalogueTransaction
from holdfast.domain.event import Event, EventDetails


async def edit_event(desk: Desk, event_id: UUID, details: EventDetails) -> Event:
    """Replace the details of an event.

    Raises:
        EventNotFound: where there is none, or it was deleted.
        SeatsExceedTotal: where the new total is below the seats that exist.
        Unavailable: see its `outcome`.
    """

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[Event]:
        event.require_editable_to(details)
        edited = await transaction.update_event(event, details, now)
        return Written(edited.version, now, edited)

    return await desk.catalogue.change(event_id, change)
