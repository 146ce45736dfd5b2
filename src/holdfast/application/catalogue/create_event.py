"""Create an event."""

from dataclasses import replace
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.newer_details import require_understood
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.application.submission import Submission
from holdfast.domain.catalogue.event import Event, EventDetails
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID


async def create_event(
    catalogue: Catalogue,
    details: EventDetails,
    *,
    organiser_id: UUID = DEFAULT_ORGANISER_ID,
    actor: Actor | None = None,
    submission: Submission | None = None,
) -> Event:
    """Store a new event without seats, and return it as created.

    Args:
        catalogue: Where.
        details: What is said of it.
        organiser_id: Who sells it.
        actor: Who makes it, for the audit; None: Holdfast itself.
        submission: The form that asks for it. If it arrives again, the event that it has made is returned.

    Raises:
        UpgradeUnfinished: naming a field that older nodes would not respect, if there may be some.
        Unavailable: see its `outcome`.
    """
    event_id = catalogue.ids.new() if submission is None else submission.thing_id(catalogue.ids)
    entry = None
    if actor is not None:
        entry = entry_of(catalogue.ids, actor, "create_event", event_id, organiser_id, name=details.name)
        entry = replace(entry, id=event_id)  # so that it is written once, too, however often a form arrives

    async def write(transaction: CatalogueTransaction) -> Event:
        await require_understood(transaction, details, before=None)
        event = await transaction.insert_event(event_id, details, organiser_id)
        if entry is not None:
            await transaction.append_audit(entry, event.created_at)
        # If a commit's answer was lost, the event may have changed since. The caller gets what it created.
        return replace(
            event, details=details, updated_at=event.created_at,
            version=0, available=0, reserved=0, confirmed=0, deleted=False,
        )  # fmt: skip

    return await catalogue.create(write)
