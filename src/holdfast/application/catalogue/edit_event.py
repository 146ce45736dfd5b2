"""Edit an event."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.newer_details import require_understood
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.event import Event, EventDetails
from holdfast.domain.identity.audit import Actor


async def edit_event(
    catalogue: Catalogue,
    event_id: UUID,
    details: EventDetails,
    *,
    actor: Actor | None = None,
    unchanged: Collection[str] = (),
    if_edition: Collection[str] | None = None,
) -> Event:
    """Replace the details of an event.

    Args:
        catalogue: Where.
        event_id: Which event.
        details: What is said of it from now on.
        actor: Who edits it, for the audit; None: Holdfast itself.
        unchanged: Names of fields in `details` that keep the values they have.
        if_edition: The editions (`Event.edition`) that may be replaced; None for any.

    Raises:
        EventNotFound: if there is no such event, or it was deleted.
        PreconditionFailed: if the event is none of the editions. That is decided under its lock.
        SeatsExceedTotal: if the new total is below the number of existing seats.
        UpgradeUnfinished: naming a field that older nodes would not respect, if there may be some.
        Unavailable: see its `outcome`.
    """

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[Event]:
        event.require_edition(if_edition)
        wanted = replace(details, **{name: getattr(event.details, name) for name in unchanged})
        event.require_editable_to(wanted)
        await require_understood(transaction, wanted, before=event.details)
        edited = await transaction.update_event(event, wanted, now)
        if actor is not None:
            entry = entry_of(catalogue.ids, actor, "edit_event", event_id, event.organiser_id, name=wanted.name)
            await transaction.append_audit(entry, now)
        return Written(edited.version, now, edited)

    return await catalogue.change(event_id, change)
