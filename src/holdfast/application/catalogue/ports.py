"""What the catalogue needs from outside, as Protocols."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from holdfast.application.catalogue.hall_seats import HallSlice, StoredSeat
from holdfast.domain.catalogue.categories import Category
from holdfast.domain.catalogue.channel import ChannelDetails, GivenBack, KeptBack, SeatSelection, StoredChannel
from holdfast.domain.catalogue.event import Event, EventDetails
from holdfast.domain.catalogue.seat import NewSeat
from holdfast.domain.hall.sections import SectionSummary
from holdfast.domain.hall.stored import StoredHall
from holdfast.domain.identity.audit import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class HallChange:
    """What is stored when a hall is put, or a section added to it."""

    document: str
    sections: Sequence[SectionSummary]
    slices: Sequence[HallSlice]
    """The seats to store, in chart order. Those without an id are stored already."""
    added: int
    """How many of them the event does not have yet."""
    removed: int
    """How many of the event's seats are not among them."""
    replaces: bool
    """Whether all stored seats are removed first. Nobody has ever held any of them."""
    category_numbers: Mapping[str, int]
    companion_ids: Mapping[str, UUID]
    """The ids of accessible seats by their numbers."""
    categories: Sequence[Category] | None
    """All categories of the event, if the document brings new ones or new prices."""


class HallTransaction(Protocol):
    """What a transaction on a locked event can do with its categories and its hall."""

    async def categories(self, event_id: UUID) -> list[Category]:
        """Read the event's categories in their order."""
        ...

    async def used_categories(self, event_id: UUID, numbers: Sequence[int]) -> AbstractSet[int]:
        """Return those of some categories that seats of the event have."""
        ...

    async def replace_categories(
        self, event: Event, categories: Sequence[Category], now: datetime, *, prices_only: bool
    ) -> int:
        """Replace all categories, with one log entry; return the event's new version.

        Args:
            event: The locked event.
            categories: What it has from now on, in their order.
            now: The time of the change.
            prices_only: Whether they differ from the present ones only in their prices.
        """
        ...

    async def document(self, event_id: UUID) -> str | None:
        """Read the document of the event's hall; None if it has no hall."""
        ...

    async def was_ever_held(self, event: Event) -> bool:
        """Return whether anybody has ever held a seat of the event."""
        ...

    async def chart_version(self, event_id: UUID) -> int:
        """Read the version of the event's chart."""
        ...

    async def seats(self, event_id: UUID) -> dict[str, StoredSeat]:
        """Read the event's seats, by number."""
        ...

    async def change_hall(self, event: Event, change: HallChange, now: datetime) -> tuple[int, int]:
        """Store a hall with its seats, with one log entry; return the event's and the chart's new version.

        Raises:
            SeatNumberTaken: naming seat numbers that the event has already, in any Unicode form.
        """
        ...


class ChannelTransaction(Protocol):
    """What a transaction on a locked event can do with its channels."""

    async def open_due(self, event: Event, now: datetime) -> Event:
        """Record the opening of channels whose time has come, each with a log entry; return the event after that."""
        ...

    async def find(self, event_id: UUID, key: str) -> StoredChannel | None:
        """Read a channel; None if there is none of this key."""
        ...

    async def count(self, event_id: UUID) -> int:
        """Count the event's channels."""
        ...

    async def put(
        self, event: Event, key: str, details: ChannelDetails, now: datetime, *, before: StoredChannel | None
    ) -> int:
        """Store a channel, with one log entry; return the event's new version.

        Args:
            event: The locked event.
            key: The channel's key.
            details: What is said of it from now on.
            now: The time of the change.
            before: The channel as it is stored; None for a new one.
        """
        ...

    async def unknown_seats(self, event_id: UUID, seat_ids: Sequence[UUID]) -> list[UUID]:
        """Return those of the seats that the event does not have."""
        ...

    async def keep_back(
        self, event: Event, channel: StoredChannel, seat_ids: Sequence[UUID], now: datetime
    ) -> KeptBack:
        """Put seats into a channel, with one log entry if any was not in it. Seats that do not exist are left out."""
        ...

    async def give_back(
        self, event: Event, channel: StoredChannel, seat_ids: Sequence[UUID], now: datetime
    ) -> GivenBack:
        """Take those seats out of a channel that are in it, with one log entry if there are any."""
        ...

    async def delete(self, event: Event, channel: StoredChannel, now: datetime, *, seats_max: int) -> GivenBack:
        """Delete a channel of at most `seats_max` seats. Of a larger one only that many seats are given back."""
        ...


class SeatSearch(Protocol):
    """Finds the seats that a selection describes. It takes no lock, so the seats are looked up again under the lock."""

    async def selected(self, event_id: UUID, selection: SeatSelection) -> list[UUID]:
        """Return the seats.

        Raises:
            InvalidValue: if there are more than one call may change.
            SelectionNotFound: naming what the event has no seats of.
        """
        ...


class CatalogueTransaction(Protocol):
    """One transaction on one event's row and chart. If the event exists, `lock_event` is called first."""

    @property
    def halls(self) -> HallTransaction:
        """What it can do with categories and the hall."""
        ...

    @property
    def channels(self) -> ChannelTransaction:
        """What it can do with channels."""
        ...

    async def lock_event(self, event_id: UUID) -> tuple[Event | None, datetime]:
        """Lock the event's row, then read it and the database's time. The event is None if there is no such row."""
        ...

    async def insert_event(self, event_id: UUID, details: EventDetails, organiser_id: UUID) -> Event:
        """Store a new event. If its id is already stored, return the stored event."""
        ...

    async def feature_is_on(self, name: str) -> bool:
        """Read whether every node of the installation understands a feature (see `application.features`)."""
        ...

    async def update_event(self, event: Event, details: EventDetails, now: datetime) -> Event:
        """Store new details and a log entry."""
        ...

    async def delete_event(self, event: Event, now: datetime) -> int:
        """Cancel the event's live holds and mark it deleted, each with a log entry; return the new version."""
        ...

    async def has_entry(self, event_id: UUID, version: int, at: datetime) -> bool:
        """Return whether the log has the entry that was made for this version at this time.

        No other transaction's entry for the version can have the same time: it read its own time under the lock, after
        this one had ended. If a failover lost the entry, the version may have been used again, but at another time.
        """
        ...

    async def insert_seats(
        self,
        event: Event,
        seats: Sequence[NewSeat],
        seat_ids: Sequence[UUID],
        now: datetime,
        *,
        other_forms: Sequence[str],
    ) -> int:
        """Append seats to the chart, with one log entry; return the event's new version.

        Args:
            event: The locked event.
            seats: The seats to add.
            seat_ids: Their ids.
            now: The time of the addition.
            other_forms: Those of the numbers that are not in Unicode's NFC.

        Raises:
            SeatNumberTaken: naming every seat number that the event already has, in any Unicode form.
        """
        ...

    async def append_audit(self, entry: AuditEntry, now: datetime) -> None:
        """Write the change into the audit of who did what; the same entry again is no second one."""
        ...

    async def commit(self) -> None:
        """Commit (see `BatchTransaction.commit`)."""
        ...


class CatalogueStore(Protocol):
    """Stores events and their charts."""

    def transaction(self, *, bulk: bool = False) -> AbstractAsyncContextManager[CatalogueTransaction]:
        """Open a transaction; `bulk` gives it the longer statement time-out."""
        ...


class HallReads(Protocol):
    """Reads of halls that a change may make before its turn comes."""

    async def hall(self, event_id: UUID) -> StoredHall | None:
        """Read an event's hall; None if there is no such event."""
        ...

    async def categories(self, event_id: UUID) -> tuple[list[Category], int] | None:
        """Read an event's categories in their order, and its version; None if there is no such event."""
        ...


class EventReads(Protocol):
    """Reads that a change may make before its turn comes. They take no lock, so nothing is decided on them."""

    @property
    def halls(self) -> HallReads:
        """Reads of halls."""
        ...

    async def event(self, event_id: UUID) -> Event | None:
        """Find an event that is not deleted."""
        ...

    async def events(
        self, *, limit: int, offset: int, drafts_of: AbstractSet[UUID] | None = frozenset()
    ) -> list[Event]:
        """List events, newest first: those that are published, and the drafts of some organisers (None: of all)."""
        ...
