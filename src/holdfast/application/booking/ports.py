"""What booking needs of the world, as Protocols; infrastructure fits them without inheriting."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from holdfast.domain.booking.commands import Reserve
from holdfast.domain.booking.snapshot import Changes, Snapshot


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

    async def load_unlocked(self, event_id: UUID, closure: Closure) -> tuple[Snapshot, datetime]:
        """Read what a batch would load, without a lock."""
        ...

    async def find_reservations(self, reservation_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, str]]:
        """Find the event and the user of reservations: {reservation_id: (event_id, user_id)}."""
        ...

    async def quiet_overdue_events(self, events_max: int) -> list[UUID]:
        """Find events that have overdue holds."""
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
