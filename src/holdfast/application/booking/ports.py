"""What booking needs from outside, as Protocols. Infrastructure implements them without inheriting."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from holdfast.domain.booking.archived import ArchivedReservation
from holdfast.domain.booking.choosing.chart_seat import ChartSeat
from holdfast.domain.booking.choosing.seating import Category, Section
from holdfast.domain.booking.commands import Reserve
from holdfast.domain.booking.snapshot import Changes, Mark, Snapshot


@dataclass(frozen=True, slots=True)
class Closure:
    """What a batch can touch, and what must therefore be loaded for it."""

    seat_ids: Sequence[UUID]
    """The requested seats."""
    keys: Sequence[tuple[str, str]]
    """(user_id, idempotency_key) of each reservation request."""
    reservation_ids: Sequence[UUID]
    """The reservations that are to end or to change."""
    overdue_max: int
    """How many overdue holds to load, in addition to those on the requested seats."""
    changes: Sequence[tuple[UUID, UUID]] = ()
    """(change_id, reservation_id) of each change of a hold, to be looked up in the log."""
    buyers: Sequence[str] = ()
    """Users whose seats are to be counted, in addition to those of `keys`."""


Lock: TypeAlias = Literal["locked", "busy", "absent"]
"""The result of trying to lock an event: it is locked, another session has it, or there is no such event."""


@dataclass(frozen=True, slots=True)
class LoggedStep:
    """One entry of an event's log."""

    mark: Mark
    seat_ids: tuple[UUID, ...]
    freed_seat_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class SeatingChart:
    """All seats of an event at one version of its log."""

    mark: Mark
    seats: Sequence[ChartSeat]
    """In chart order."""
    taken: Sequence[UUID]
    """Those that are held or sold."""
    sections: Sequence[Section]
    categories: Mapping[int, Category]


class SeatingSource(Protocol):
    """Reads the seats of events. Every call may raise `ConnectionLost` and `Contended`."""

    async def chart(self, event_id: UUID) -> SeatingChart | None:
        """Read all seats of an event in one snapshot, without keeping the event loop long; None if there is none."""
        ...


class BatchTransaction(Protocol):
    """One transaction on one or more events. The steps are called in this order, each once."""

    async def lock(self, event_id: UUID, *, wait_seconds: float | None = None) -> Lock:
        """Begin a transaction and lock the event's row.

        Args:
            event_id: The event.
            wait_seconds: How long to wait while another session has it locked; None for the connection's own limit.
        """
        ...

    async def lock_idle(self, event_ids: Sequence[UUID]) -> None:
        """Begin a transaction and lock those of the events' rows that no other session has locked.

        `load_locked` returns which ones they are.
        """
        ...

    async def version(self, event_id: UUID) -> int:
        """Read the locked event's version."""
        ...

    async def load(self, event_id: UUID, closure: Closure) -> tuple[Snapshot, datetime]:
        """Read what the batch can touch, and the database's time, in one snapshot taken after the lock."""
        ...

    async def load_locked(self, closures: Mapping[UUID, Closure]) -> tuple[dict[UUID, Snapshot], datetime]:
        """Read, for each event that `lock_idle` locked, what its batch can touch; also return the database's time.

        Events that another session has locked are left out. For an event that does not exist, the snapshot's `event` is
        None.
        """
        ...

    async def log_from(self, event_id: UUID, version: int) -> list[LoggedStep]:
        """Read the log of a locked event from the entry at a version on. Version 0 has none."""
        ...

    async def store(self, changes: Changes, now: datetime) -> None:
        """Write the changes under their guards.

        Raises:
            GuardMismatch: if a row was no longer as loaded.
        """
        ...

    async def store_together(self, batches: Sequence[Changes], now: datetime) -> None:
        """Write the changes of several batches, each of a different event, in the way that `store` does."""
        ...

    async def commit(self) -> None:
        """Commit. From this call until it returns, the outcome is unknown (see `batching.progress`)."""
        ...


class BatchStore(Protocol):
    """Stores reservations and claims. Every call may raise `ConnectionLost` and `Contended`."""

    def transaction(self) -> AbstractAsyncContextManager[BatchTransaction]:
        """Open a transaction on a write connection. Leaving the block without a commit rolls back."""
        ...

    async def load_unlocked(self, event_id: UUID, closure: Closure) -> tuple[Snapshot, datetime]:
        """Read what a batch would load, but without a lock."""
        ...

    async def find_reservations(self, reservation_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, str]]:
        """Find the event and the user of each reservation: {reservation_id: (event_id, user_id)}."""
        ...

    async def find_archived(self, reservation_ids: Sequence[UUID]) -> dict[UUID, ArchivedReservation]:
        """Find those of these reservations that are in archives, by id."""
        ...

    async def quiet_overdue_events(self, events_max: int) -> list[UUID]:
        """Find events that have overdue holds."""
        ...


class Gate(Protocol):
    """The distributed lock per seat. It only steers requests: it decides nothing, and it never raises."""

    async def acquire(self, event_id: UUID, wish: Reserve) -> bool:
        """Try to lock every requested seat. Also returns True if the gate is not working."""
        ...

    def release(self, wish: Reserve) -> None:
        """Release the locks of a request shortly, unless they have passed to another owner."""
        ...


@dataclass(frozen=True, slots=True)
class TooMany:
    """An address has used up its budget of new holds. In `seconds` it may make another."""

    seconds: int


@dataclass(frozen=True, slots=True)
class TooSoon:
    """A buyer let too many holds of an event go. In `seconds` they may hold seats in it again."""

    seconds: int


class HoldLimits(Protocol):
    """Counts holds per address and buyer, for all nodes together. It never raises; in doubt, a hold is allowed."""

    async def admit(self, event_id: UUID, user_id: str, network: str | None) -> TooMany | TooSoon | None:
        """Take one new hold from the budget of the buyer's network.

        Returns:
            None if the hold is allowed. Otherwise why it is not, and then nothing was taken.
        """
        ...

    def give_back(self, network: str) -> None:
        """Put one hold back into a network's budget shortly."""
        ...

    def let_go(self, event_id: UUID, user_id: str) -> None:
        """Count a hold that its buyer released or left to expire, shortly."""
        ...


@dataclass(frozen=True, slots=True)
class CodedChannel:
    """A channel that has an access code."""

    key: str
    code_digest: bytes
    is_open: bool
    """Its seats are for everybody, with or without the code."""

    def has_code(self, digest: bytes) -> bool:
        """Return whether this is the digest of its code, in a time that does not depend on how they differ."""
        return compare_digest(self.code_digest, digest)


class AccessCodeReads(Protocol):
    """Reads access codes. It takes no lock."""

    async def coded_channels(self, event_id: UUID) -> Sequence[CodedChannel]:
        """Find the channels of an event that have a code, as they are now."""
        ...


class CodeTries(Protocol):
    """Counts wrong access codes per address and event, for all nodes together while Redis works. It never raises."""

    async def judge(self, event_id: UUID, network: str, *, wrong: bool) -> int | None:
        """Count a code if it is wrong, unless there have been too many: then no code is accepted, right or wrong.

        Returns:
            None if the code may be used. Otherwise the seconds until the next may be tried.
        """
        ...


class CommitListener(Protocol):
    """Is notified of what a batch in this process has committed."""

    def committed(self, event_id: UUID, changes: Changes) -> None:
        """Record the changes. Must be quick: it runs on the event loop between a commit and its answers."""
        ...
