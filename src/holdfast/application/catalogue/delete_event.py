"""Delete an event."""

from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.event import Event


async def delete_event(catalogue: Catalogue, event_id: UUID) -> None:
    """Delete an event nobody bought a seat of; its live holds are cancelled, its reservations stay readable.

    Raises:
        EventNotFound: where there is none, or it was deleted before.
        EventHasConfirmedReservations: where seats are sold.
        Unavailable: see its `outcome`.
    """

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[None]:
        event.require_deletable()
        return Written(await transaction.delete_event(event, now), now, None)

    await catalogue.change(event_id, change, bulk=True)
