"""What the catalogue needs of the world."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from holdfast.domain.catalogue.event import Event, EventDetails
from holdfast.domain.catalogue.seat import NewSeat


class CatalogueTransaction(Protocol):
    """One transaction on one event's row and chart. `lock_event` comes first wherever the event exists."""

    async def lock_event(self, event_id: UUID) -> tuple[Event | None, datetime]:
        """Lock the event's row, then read it and the database's time; None where there is no such row."""
        ...

    async def insert_event(self, event_id: UUID, details: EventDetails) -> Event:
        """Store a new event; the same id again gives the stored event."""
        ...

    async def update_event(self, event: Event, details: EventDetails, now: datetime) -> Event:
        """Store new details, with an entry in the log."""
        ...

    async def delete_event(self, event: Event, now: datetime) -> int:
        """Cancel the event's live holds and mark it deleted, each with an entry in the log; gives the new version."""
        ...

    async def has_entry(self, event_id: UUID, version: int, at: datetime) -> bool:
        """Tell whether the log has the entry that was made for this version at this time.

        No other transaction's entry for the version can have the same time: it read its own under the lock, after this
        one's had ended. A failover that lost the entry may have given the version to another, at another time.
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
        """Append seats to the chart, with one entry in the log; gives the event's new version.

        Args:
            event: The locked event.
            seats: What is added.
            seat_ids: Their ids.
            now: When.
            other_forms: Those of the numbers that are not in Unicode's NFC.

        Raises:
            SeatNumberTaken: naming every seat number that the event already has, in whatever form.
        """
        ...

    async def commit(self) -> None:
        """Commit (see `BatchTransaction.commit`)."""
        ...


class CatalogueStore(Protocol):
    """Where events and their charts are kept."""

    def transaction(self, *, bulk: bool = False) -> AbstractAsyncContextManager[CatalogueTransaction]:
        """Open a transaction; `bulk` gives it the longer statement time-out."""
        ...


class EventReads(Protocol):
    """What a change may look at before its turn comes. None of them locks, so none of them decides."""

    async def event(self, event_id: UUID) -> Event | None:
        """Find an event that is not deleted."""
        ...

    async def events(self, *, limit: int, offset: int) -> list[Event]:
        """List events, newest created first."""
        ...
