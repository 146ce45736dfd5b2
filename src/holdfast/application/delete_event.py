"""Delete an event."""

from uuid import UUID

from holdfast.application.catalogue import change_catalogue
from holdfast.application.desk import Desk
from holdfast.application.ports import CatalogueTransaction
from holdfast.domain.errors import EventNotFound


async def delete_event(desk: Desk, event_id: UUID) -> None:
    """Delete an event nobody bought a seat of; its live holds are cancelled, its reservations stay readable.

    Raises:
        EventNotFound: where there is none, or it was deleted before.
        EventHasConfirmedReservations: where seats are sold.
        Unavailable: see its `outcome`.
    """
    deletion_tried = False

    async def change(transaction: CatalogueTransaction) -> None:
        nonlocal deletion_tried
        event, now = await transaction.lock_event(event_id)
        if event is not None and event.deleted and deletion_tried:
            return
        if event is None or event.deleted:
            raise EventNotFound(event_id)
        event.require_deletable()
        deletion_tried = True
        await transaction.delete_event(event, now)

    await change_catalogue(desk.catalogue, change, bulk=True)
