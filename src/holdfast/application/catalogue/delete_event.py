"""Delete an event."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.event import Event
from holdfast.domain.identity.audit import Actor


async def delete_event(
    catalogue: Catalogue,
    event_id: UUID,
    *,
    actor: Actor | None = None,
    if_edition: Collection[str] | None = None,
) -> None:
    """Delete an event that has no sold seats. Its live holds are cancelled; its reservations stay readable.

    Args:
        catalogue: Where.
        event_id: Which event.
        actor: Who deletes it, for the audit; None: Holdfast itself.
        if_edition: The editions (`Event.edition`) that may be deleted; None for any.

    Raises:
        EventNotFound: if there is no such event, or it was already deleted.
        EventHasConfirmedReservations: if seats are sold.
        PreconditionFailed: if the event is none of the editions. That is decided under its lock.
        Unavailable: see its `outcome`.
    """

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[None]:
        event.require_deletable()
        event.require_edition(if_edition)
        version = await transaction.delete_event(event, now)
        if actor is not None:
            entry = entry_of(
                catalogue.ids, actor, "delete_event", event_id, event.organiser_id, name=event.details.name
            )
            await transaction.append_audit(entry, now)
        return Written(version, now, None)

    await catalogue.change(event_id, change, bulk=True)
