"""Edit an event."""

from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.event import Event, EventDetails
from holdfast.domain.identity.audit import Actor


async def edit_event(
    catalogue: Catalogue, event_id: UUID, details: EventDetails, *, actor: Actor | None = None
) -> Event:
    """Replace the details of an event.

    Args:
        catalogue: Where.
        event_id: Which event.
        details: What is said of it from now on.
        actor: Who edits it, for the audit; None: Holdfast itself.

    Raises:
        EventNotFound: if there is no such event, or it was deleted.
        SeatsExceedTotal: if the new total is below the number of existing seats.
        Unavailable: see its `outcome`.
    """

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[Event]:
        event.require_editable_to(details)
        edited = await transaction.update_event(event, details, now)
        if actor is not None:
            entry = entry_of(actor, "edit_event", event_id, event.organiser_id, name=details.name)
            await transaction.append_audit(entry, now)
        return Written(edited.version, now, edited)

    return await catalogue.change(event_id, change)
