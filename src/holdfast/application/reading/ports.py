"""What reads need from outside, as Protocols."""

from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from holdfast.application.reading.edits import NO_EDITS, Edits
from holdfast.domain.booking.archived import ArchivedReservation
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.seat import Seat
from holdfast.domain.booking.snapshot import Mark
from holdfast.domain.catalogue.categories import Category, CategoryDetails
from holdfast.domain.catalogue.channel import StoredChannel
from holdfast.domain.catalogue.event import Event
from holdfast.domain.hall.layout import ChartSeats
from holdfast.domain.hall.stored import StoredHall


@dataclass(frozen=True, slots=True)
class SeatOfEvent:
    """A seat as it is now."""

    seat: Seat
    version: int
    """Its event's."""
    archived: bool
    """Whether its event is archived. Then whether the seat was sold is not known."""


@dataclass(frozen=True, slots=True)
class FoundReservation:
    """A reservation as it is now, and whose it is."""

    reservation: Reservation
    user_id: str
    version: int
    """Its event's."""


class Reads(Protocol):
    """Reads that involve no rule, which the API makes directly. None of them takes a lock."""

    async def event(self, event_id: UUID) -> Event | None:
        """Find an event that is not deleted."""
        ...

    async def events(
        self, *, limit: int, offset: int, drafts_of: AbstractSet[UUID] | None = frozenset()
    ) -> list[Event]:
        """List events, newest first.

        Args:
            limit: The most events.
            offset: The number of events to skip.
            drafts_of: The organisers whose drafts are listed too; None for all.
        """
        ...

    async def events_of(self, organiser_ids: AbstractSet[UUID], *, limit: int, offset: int) -> list[Event]:
        """List the events of some organisers, drafts too, newest first."""
        ...

    async def event_stamps(
        self, *, limit: int, offset: int, drafts_of: AbstractSet[UUID] | None = frozenset()
    ) -> list[tuple[UUID, datetime]]:
        """List the same events by id, with the time of the last edit of each."""
        ...

    async def seat(self, seat_id: UUID) -> SeatOfEvent | None:
        """Find a seat and its event's version."""
        ...

    async def reservation(self, reservation_id: UUID, user_id: str) -> tuple[Reservation, int] | None:
        """Find the caller's reservation as it is now, and its event's version."""
        ...

    async def archived_reservation(self, reservation_id: UUID) -> ArchivedReservation | None:
        """Find a reservation that is in an archive."""
        ...

    async def reservations(self, user_id: str, *, limit: int, offset: int) -> list[Reservation]:
        """List the caller's reservations as they are now, newest first."""
        ...

    async def reservations_at(
        self, organiser_ids: AbstractSet[UUID], user_id: str, *, limit: int, offset: int
    ) -> list[Reservation]:
        """List a user's reservations of these organisers' events, as `reservations` does."""
        ...


@dataclass(frozen=True, slots=True)
class Chart:
    """An event's seats without their statuses, in the order of their positions. Each column is a JSON array."""

    mark: Mark
    """The state of the event at which it was read."""
    seats: int
    columns: dict[str, bytes]
    """`ids`, `seat_numbers`, `sections`, `rows`, `prices`, and if seats have categories `categories`."""
    edits: Edits = NO_EDITS
    own_prices: bytes | None = None
    """If the categories price some of the seats: the prices, with null for these seats."""

    @property
    def chart_version(self) -> int:
        """The version of the chart."""
        return self.edits.chart_version(self.seats)


class HallReads(Protocol):
    """Reads the halls of events."""

    async def hall(self, event_id: UUID) -> StoredHall | None:
        """Read an event's hall; None if there is no such event."""
        ...

    async def categories(self, event_id: UUID) -> tuple[list[Category], int] | None:
        """Read an event's price categories in their order, and its version; None if there is no such event."""
        ...


@dataclass(frozen=True, slots=True)
class ChartToLayOut:
    """An event's chart as it is read for its layout, in one snapshot."""

    mark: Mark
    """The state of the event at which it is read."""
    edits: Edits
    document: str | None
    """The hall's document; None if the event has no hall."""
    categories: Sequence[CategoryDetails]
    slices: AsyncIterator[ChartSeats]
    """The seats in chart order, read as they are taken."""


class Layouts(Protocol):
    """Reads what layouts are made of."""

    def chart(self, event_id: UUID, *, large: bool) -> AbstractAsyncContextManager[ChartToLayOut | None]:
        """Open an event's chart, to be read inside the block; None if there is no such event."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """Some seats of a channel."""

    version: int
    """The event's."""
    archived: bool
    """Whether the event is archived. Then which of the seats were sold is not known."""
    seats: list[Seat] | None
    """None if the event has no such channel."""


class ChannelReads(Protocol):
    """Reads channels, as they are at this instant."""

    async def channels(self, event_id: UUID) -> tuple[list[StoredChannel], int] | None:
        """Read an event's channels by key, and its version; None if there is no such event."""
        ...

    async def seats(self, event_id: UUID, key: str, *, after: UUID | None, limit: int) -> ChannelPage | None:
        """Read seats of a channel by id, and the event's version; None if there is no such event.

        They are shown as they are to those who reach them.

        Args:
            event_id: The event.
            key: The channel.
            after: The last seat of the page before; None for the first page.
            limit: The most seats.
        """
        ...


class AccessCodes(Protocol):
    """Tells right access codes from wrong ones."""

    async def opens(self, event_id: UUID, key: str, code_digest: bytes, address: str | None) -> bool:
        """Return whether a code is that of a channel.

        Raises:
            TooManyTries: if too many wrong ones came from the address.
        """
        ...


class Marks(Protocol):
    """Tells whether the log still has a state."""

    async def mark(self, event_id: UUID, version: int) -> Mark | None:
        """Identify the state of an event at a version; None if the event has not reached that version."""
        ...


class Charts(Marks, Protocol):
    """Reads charts."""

    async def chart(self, event_id: UUID, *, large: bool) -> Chart | None:
        """Read an event's chart; None if there is no such event."""
        ...
