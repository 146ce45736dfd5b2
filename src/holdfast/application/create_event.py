"""Create an event."""

from holdfast.application.catalogue import change_catalogue
from holdfast.application.desk import Desk
from holdfast.application.identifiers import uuid7
from holdfast.application.ports import CatalogueTransaction
from holdfast.domain.event import Event, EventDetails


async def create_event(desk: Desk, details: EventDetails) -> Event:
    """Store a new event without seats.

    Raises:
        Unavailable: see its `outcome`.
    """
    event_id = uuid7()

    async def change(transaction: CatalogueTransaction) -> Event:
        return await transaction.insert_event(event_id, details)

    return await change_catalogue(desk.catalogue, change)
