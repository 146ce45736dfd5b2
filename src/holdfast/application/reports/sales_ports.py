"""What the sales figures of an event need from outside, as Protocols."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from holdfast.domain.booking.snapshot import Mark


class MinuteSales(NamedTuple):
    """What happened to the seats of one category in one minute."""

    minute: int
    """Since 1970, in UTC."""
    category: int | None
    held: int
    sold: int
    released: int
    """Held seats that became free again: given up, run out or released by the seller."""
    revenue: int
    """What the sold seats cost, in the currency's minor unit."""


class StretchOfLog(NamedTuple):
    """A stretch of an event's log, added up."""

    mark: Mark
    """The state of the event at its end."""
    chart_edits: int
    sums: Sequence[MinuteSales]


class SalesSource(Protocol):
    """Adds up the log."""

    async def stretch(
        self, event_id: UUID, *, after_version: int, until_version: int, by_category: bool
    ) -> StretchOfLog | None:
        """Add up what comes after one version, up to another; None if the event has not reached that one.

        Args:
            event_id: The event.
            after_version: The version that the stretch follows.
            until_version: Its last version.
            by_category: The event's seats have categories.
        """
        ...
