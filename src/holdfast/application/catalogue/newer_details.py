"""Details of events that nodes of an older version do not know."""

from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.event import EventDetails
from holdfast.domain.catalogue.refusals import UpgradeUnfinished


async def require_understood(
    transaction: CatalogueTransaction, details: EventDetails, *, before: EventDetails | None
) -> None:
    """Refuse details while nodes that would not respect them may be running: a draft, and a purchase limit.

    PostgreSQL is asked, and not this process' own `Features`: it happens seldom, and is then right from the first
    request after the start of a node.

    Args:
        transaction: The one that would store the details.
        details: What is to be stored.
        before: The details of the event as it is; None for a new event.

    Raises:
        UpgradeUnfinished: naming the field.
    """
    newly_draft = not details.published and (before is None or before.published)
    if newly_draft and not await transaction.feature_is_on("drafts"):
        raise UpgradeUnfinished("published")
    limit = details.max_seats_per_buyer
    if limit is None or (before is not None and limit == before.max_seats_per_buyer):
        return
    if not await transaction.feature_is_on("purchase_limit"):
        raise UpgradeUnfinished("max_seats_per_buyer")
