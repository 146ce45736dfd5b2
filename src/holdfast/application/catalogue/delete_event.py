"""Delete an event."""

from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.event import Event


async def delete_event(catalogue: Catalogue, event_id: UUID) -> None:
    """Delete an event that has no sold seats. Its live holds are cancelled; its reservations stay readable.

    Raises:
        EventNotFound: if there is no such event, or it was already deleted.
        EventHasConfirmedReservations: if seats are sold.
        Unavailable: see its `outcome`.
    """

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[None]:
        event.require_deletable()
        return Written(await transaction.delete_event(event, now), now, None)

    await catalogue.change(event_id, change, bulk=True)
