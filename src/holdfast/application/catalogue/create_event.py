"""Create an event."""

from dataclasses import replace

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.application.identifiers import uuid7
from holdfast.domain.catalogue.event import Event, EventDetails


async def create_event(catalogue: Catalogue, details: EventDetails) -> Event:
    """Store a new event without seats, and return it as created.

    Raises:
        Unavailable: see its `outcome`.
    """
    event_id = uuid7()

    async def write(transaction: CatalogueTransaction) -> Event:
        event = await transaction.insert_event(event_id, details)
        # If a commit's answer was lost, the event may have changed since. The caller gets what it created.
        return replace(
            event, details=details, updated_at=event.created_at,
            version=0, available=0, reserved=0, confirmed=0, deleted=False,
        )  # fmt: skip

    return await catalogue.create(write)
