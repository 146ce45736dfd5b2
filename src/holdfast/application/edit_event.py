"""Edit an event."""

from uuid import UUID

from holdfast.application.catalogue import change_catalogue
from holdfast.application.desk import Desk
from holdfast.application.ports import CatalogueTransaction
from holdfast.domain.errors import EventNotFound
from holdfast.domain.event import Event, EventDetails


async def edit_event(desk: Desk, event_id: UUID, details: EventDetails) -> Event:
    """Replace the details of an event.

    Raises:
        EventNotFound: where there is none, or it was deleted.
        SeatsExceedTotal: where the new total is below the seats that exist.
        Unavailable: see its `outcome`.
    """

    async def change(transaction: CatalogueTransaction) -> Event:
        event, now = await transaction.lock_event(event_id)
        if event is None or event.deleted:
            raise EventNotFound(event_id)
        event.require_editable_to(details)
        return await transaction.update_event(event, details, now)

    return await change_catalogue(desk.catalogue, change)
