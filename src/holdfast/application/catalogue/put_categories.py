"""Replace the price categories of an event."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.categories import (
    Category,
    CategoryDetails,
    categories_edition,
    check_categories,
    differ_only_in_price,
    numbered,
)
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import CategoryInUse, PreconditionFailed, UpgradeUnfinished
from holdfast.domain.identity.audit import Actor


async def put_categories(
    catalogue: Catalogue,
    event_id: UUID,
    wanted: Sequence[CategoryDetails],
    *,
    actor: Actor | None = None,
    if_edition: str | None = None,
) -> tuple[list[Category], int]:
    """Replace the categories of an event; return them as stored, and the event's version.

    Holds made from then on cost the new prices. What was agreed before stays. The same categories again are no change.

    Args:
        catalogue: Where.
        event_id: Which event.
        wanted: All of its categories, in the order in which they are shown.
        actor: Who replaces them, for the audit; None: Holdfast itself.
        if_edition: The edition (`categories_edition`) that may be replaced; None for any.

    Raises:
        InvalidValue: if a category breaks a rule.
        EventNotFound: if there is no such event, or it was deleted.
        PreconditionFailed: if the categories are of another edition. That is decided under the event's lock.
        CategoryInUse: naming categories that would be removed while seats have them.
        UpgradeUnfinished: if nodes of an older version may be running.
        Unavailable: see its `outcome`.
    """
    check_categories(wanted)
    wanted = list(wanted)

    async def change(
        transaction: CatalogueTransaction, event: Event, now: datetime
    ) -> Written[tuple[list[Category], int]]:
        if not await transaction.feature_is_on("halls"):
            raise UpgradeUnfinished("categories")
        before = await transaction.halls.categories(event.id)
        if [one.details for one in before] == wanted:
            return Written(event.version, now, (before, event.version))
        if if_edition is not None and if_edition != categories_edition(before):
            raise PreconditionFailed().at(event.version)
        after = numbered(wanted, before=before)
        await _require_unused(transaction, event, before, after)
        lasting = differ_only_in_price(before, after)
        version = await transaction.halls.replace_categories(event, after, now, prices_only=lasting)
        if actor is not None:
            prices = {one.key: one.price for one in after}
            entry = entry_of(catalogue.ids, actor, "put_categories", event.id, event.organiser_id, prices=prices)
            await transaction.append_audit(entry, now)
        return Written(version, now, (after, version))

    return await catalogue.change(event_id, change)


async def _require_unused(
    transaction: CatalogueTransaction, event: Event, before: Sequence[Category], after: Sequence[Category]
) -> None:
    kept = {one.key for one in after}
    removed = [one for one in before if one.key not in kept]
    if removed:
        used = await transaction.halls.used_categories(event.id, [one.number for one in removed])
        if used:
            raise CategoryInUse([one.key for one in removed if one.number in used])
