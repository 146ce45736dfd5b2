"""Edit an event."""

from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.event import Event, EventDetails


async def edit_event(catalogue: Catalogue, event_id: UUID, details: EventDetails) -> Event:
    """Replace the details of an event.

    Raises:
        EventNotFound: if there is no such event, or it was deleted.
        SeatsExceedTotal: if the new total is below the number of existing seats.
        Unavailable: see its `outcome`.
    """

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[Event]:
        event.require_editable_to(details)
        edited = await transaction.update_event(event, details, now)
        return Written(edited.version, now, edited)

    return await catalogue.change(event_id, change)
