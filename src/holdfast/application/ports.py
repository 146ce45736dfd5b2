"""What the application needs of the world, as Protocols; infrastructure fits them without inheriting."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from holdfast.domain.commands import Reserve
from holdfast.domain.event import Event, EventDetails
from holdfast.domain.reservation import Reservation
from holdfast.domain.seat import NewSeat, Seat
from holdfast.domain.snapshot import Changes, Mark, Snapshot
from holdfast.telemetry.installation import Totals


@dataclass(frozen=True, slots=True)
class Closure:
    """What a batch can touch, and so what must be loaded for it."""

    seat_ids: Sequence[UUID]
    """The wanted seats."""
    keys: Sequence[tuple[str, str]]
    """(user_id, idempotency_key) of the wishes."""
    reservation_ids: Sequence[UUID]
    """What is to be confirmed or cancelled."""
    overdue_max: int
    """How many overdue holds to load beside those on the wanted seats."""


Lock: TypeAlias = Literal["locked", "busy", "absent"]
"""What became of the wish to lock an event: it is locked, somebody else has it, or there is no such event."""


class BatchTransaction(Protocol):
    """One transaction on one event, or on several. Its steps are called in this order, each once."""

    async def lock(self, event_id: UUID, *, wait_seconds: float | None = None) -> Lock:
        """Begin, and lock the event's row.

        Args:
            event_id: Which event.
            wait_seconds: How long to wait while somebody else has it locked; None: as long as the connection allows.
        """
        ...

    async def lock_idle(self, event_ids: Sequence[UUID]) -> None:
        """Begin, and lock those of the events' rows that nobody else has locked; `load_locked` tells which."""
        ...

    async def version(self, event_id: UUID) -> int:
        """Read the version of the locked event."""
        ...

    async def load(self, event_id: UUID, closure: Closure) -> tuple[Snapshot, datetime]:
        """Read what the batch can touch and the database's time, in one snapshot taken after the lock."""
        ...

    async def load_locked(self, closures: Mapping[UUID, Closure]) -> tuple[dict[UUID, Snapshot], datetime]:
        """Read, by event, what the batches of the events locked by `lock_idle` can touch.

        Events that somebody else has locked are left out. Of those that do not exist it says so.
        """
        ...

    async def store(self, changes: Changes, now: datetime) -> None:
        """Write the changes under their guards.

        Raises:
            GuardMismatch: if a row was not as loaded.
        """
        ...

    async def store_together(self, batches: Sequence[Changes], now: datetime) -> None:
        """Write the changes of batches, each of another event, as `store` does for one."""
        ...

    async def commit(self) -> None:
        """Commit. Once this has been called the outcome is unknown until it returns (see `batching.progress`)."""
        ...


class BatchStore(Protocol):
    """Where events' seats are decided and stored. All calls raise `ConnectionLost` and `Contended`."""

    def transaction(self) -> AbstractAsyncContextManager[BatchTransaction]:
        """Open a transaction on a write connection; leaving without a commit rolls back."""
        ...

    async def peek(self, event_id: UUID, closure: Closure) -> tuple[Snapshot, datetime]:
        """Read what a batch would load, without a lock."""
        ...

    async def owners(self, reservation_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, str]]:
        """Find the event and the user of reservations: {reservation_id: (event_id, user_id)}."""
        ...

    async def quiet_overdue_events(self, events_max: int) -> list[UUID]:
        """Find events that have overdue holds."""
        ...


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


class Reads(Protocol):
    """Questions without a rule: the API asks them directly. None of them locks."""

    async def event(self, event_id: UUID) -> Event | None:
        """Find an event that is not deleted."""
        ...

    async def events(self, *, limit: int, offset: int) -> list[Event]:
        """List events, newest created first."""
        ...

    async def event_stamps(self, *, limit: int, offset: int) -> list[tuple[UUID, datetime]]:
        """List the same events by id, with the time of the last edit of each."""
        ...

    async def seat(self, seat_id: UUID) -> tuple[Seat, int] | None:
        """Find a seat and its event's version."""
        ...

    async def reservation(self, reservation_id: UUID, user_id: str) -> tuple[Reservation, int] | None:
        """Find the caller's reservation as it stands this instant, and its event's version."""
        ...

    async def reservations(self, user_id: str, *, limit: int, offset: int) -> list[Reservation]:
        """List the caller's reservations as they stand this instant, newest created first."""
        ...


@dataclass(frozen=True, slots=True)
class Chart:
    """An event's seats without their statuses, in the order of their positions, each column a JSON array."""

    mark: Mark
    """The state of the event in which it was read."""
    seats: int
    columns: dict[str, bytes]
    """`ids`, `seat_numbers`, `sections`, `rows` and `prices`."""


class Charts(Protocol):
    """Where charts are read."""

    async def chart(self, event_id: UUID, *, large: bool) -> Chart | None:
        """Read an event's chart; None where there is no such event."""
        ...

    async def mark(self, event_id: UUID, version: int) -> Mark | None:
        """Tell what a version of an event means; None where the event has not come so far."""
        ...


class Gate(Protocol):
    """The distributed lock per seat. It steers; it never decides, and it never fails."""

    async def acquire(self, event_id: UUID, wish: Reserve) -> bool:
        """Try to lock every seat of the wish; True as well where the gate is not working."""
        ...

    def release(self, wish: Reserve) -> None:
        """Give the locks of a wish back, soon, where they are still its own."""
        ...


class CommitListener(Protocol):
    """Wants to know what a batch of this process has committed."""

    def committed(self, event_id: UUID, changes: Changes) -> None:
        """Take note, quickly: called on the event loop between a commit and its answers."""
        ...


class TotalsSource(Protocol):
    """Tells what is true of the whole installation, to one of its processes."""

    async def read(self) -> Totals | None:
        """Read the totals; None while another process leads.

        Raises:
            ConnectionLost, Contended: when they could not be read; this process may lead no more.
        """
        ...

    async def close(self) -> None:
        """Lead no more."""
        ...


@dataclass(frozen=True, slots=True)
class AuditedInvariant:
    """One promise, and rows that break it."""

    name: str
    promise: str
    violations: Sequence[Mapping[str, object]]
    """None when it holds; not all of them where there are many."""


class Auditor(Protocol):
    """Compares the tables with every promise; of several in an installation one leads."""

    async def audit(self) -> Sequence[AuditedInvariant] | None:
        """Check every promise over as many rows as are due; None while another one leads.

        Raises:
            ConnectionLost, Contended: when the tables could not be read.
        """
        ...

    async def close(self) -> None:
        """Lead no more."""
        ...
