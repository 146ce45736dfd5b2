"""What changing holds requires of the other nodes."""

from holdfast.application.booking.booking import Booking
from holdfast.domain.catalogue.refusals import UpgradeUnfinished


def require_hold_changes(booking: Booking) -> None:
    """Return if every node understands holds that are extended, get other seats or are released by the seller.

    Raises:
        UpgradeUnfinished: if there may be older nodes.
    """
    if not booking.features.enabled("hold_changes"):
        raise UpgradeUnfinished("hold_changes")
