"""Details of events that nodes of an older version do not know."""

from collections.abc import Mapping

from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.event import Confirmation, EventDetails
from holdfast.domain.catalogue.refusals import UpgradeUnfinished

_NEWER: Mapping[str, tuple[str, object]] = {
    "published": ("drafts", True),
    "max_seats_per_buyer": ("purchase_limit", None),
    "sale_opens_at": ("sale_times", None),
    "sale_closes_at": ("sale_times", None),
    "confirmation": ("confirmation", Confirmation.BUYER),
}
"""For each field the feature that it belongs to (`application.features`), and its value where there is nothing to
respect. An older node leaves the time zone and the currency as they are, and they decide nothing."""


async def require_understood(
    transaction: CatalogueTransaction, details: EventDetails, *, before: EventDetails | None
) -> None:
    """Refuse details while nodes that would not respect them may be running.

    PostgreSQL is asked, and not this process' own `Features`: it happens seldom, and is then right from the first
    request after the start of a node.

    Args:
        transaction: The one that would store the details.
        details: What is to be stored.
        before: The details of the event as it is; None for a new event.

    Raises:
        UpgradeUnfinished: naming the field.
    """
    for field, (feature, default) in _NEWER.items():
        value = getattr(details, field)
        unchanged = before is not None and value == getattr(before, field)
        if value != default and not unchanged and not await transaction.feature_is_on(feature):
            raise UpgradeUnfinished(field)
