"""Delete an event."""

from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue import Written
from holdfast.application.desk import Desk
from holdfast.application.ports import CatalogueTransaction
from holdfast.domain.event import Event


async def delete_event(desk: Desk, event_id: UUID) -> None:
    """Delete an event nobody bought a seat of; its live holds are cancelled, its reservations stay readable.

    Raises:
        EventNotFound: where there is none, or it was deleted before.
        EventHasConfirmedReservations: where seats are sold.
        Unavailable: see its `outcome`.
    """

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[None]:
        event.require_deletable()
        return Written(await transaction.delete_event(event, now), now, None)

    await desk.catalogue.change(event_id, change, bulk=True)
