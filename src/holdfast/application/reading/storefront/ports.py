"""What the storefront needs from outside, as Protocols."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.event import Event

After: TypeAlias = tuple[datetime, UUID]
"""Start and id of an event; a page of the list begins with the next one."""


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event in the list of those that can be booked."""

    event: Event
    free: int
    """Seats that everybody can hold: what channels keep back is not among them."""
    chart_edits: int
    category_price: int | None
    """The lowest price of a category; None if the event has no categories."""


@dataclass(frozen=True, slots=True)
class EventOnSale:
    """An event as its own page shows it."""

    event: Event
    categories: tuple[CategoryDetails, ...]
    takes_codes: bool
    """Whether a channel keeps seats for those who have its access code."""
    read_at: datetime
    """By PostgreSQL's clock, which also decides when a sale opens and a hold ends."""


@dataclass(frozen=True, slots=True)
class PriceRun:
    """Seats that follow each other in the chart and have the same price of their own."""

    first: int
    seats: int
    price: int


@dataclass(frozen=True, slots=True)
class BookedEvent:
    """A reservation with its event, which may be deleted."""

    reservation: Reservation
    event: Event


class StorefrontReads(Protocol):
    """Reads of the storefront. None of them takes a lock."""

    async def upcoming(self, after: After | None, *, limit: int) -> tuple[list[ListedEvent], datetime]:
        """List published events by when they start, and tell PostgreSQL's time.

        Args:
            after: The last event of the page before; None: begin with those that started a day ago at most.
            limit: The most events.
        """
        ...

    async def lowest_prices(self, event_ids: Sequence[UUID]) -> dict[UUID, int | None]:
        """Find the lowest price of the seats of each event that have prices of their own; None if none has one.

        An event is left out if what has it does not answer while something else does.
        """
        ...

    async def on_sale(self, event_id: UUID) -> EventOnSale | None:
        """Read an event that is not deleted, with its categories."""
        ...

    async def own_prices(self, event_id: UUID, *, limit: int) -> list[PriceRun]:
        """Read the prices that seats have of their own, as runs in chart order."""
        ...

    async def booked(self, user_ids: Sequence[str], *, limit: int, offset: int) -> list[BookedEvent]:
        """List the reservations of these buyers, newest first, as they are now."""
        ...

    async def live_at(self, event_id: UUID, user_ids: Sequence[str]) -> list[Reservation]:
        """List what these buyers hold or have bought in an event, as it is now."""
        ...

    async def booked_event(self, event_id: UUID) -> Event | None:
        """Find the event of a reservation, deleted or not."""
        ...
