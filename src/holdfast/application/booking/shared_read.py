"""The reads that requests share: those that the gate steers away, and those for other seats. They take no lock."""

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

from holdfast.application.booking.batching.write import closure_of
from holdfast.application.booking.ports import BatchStore
from holdfast.application.coalescer import Coalescer
from holdfast.domain.booking.commands import ChangeSeats, Reserve
from holdfast.domain.booking.decide import foresee, foresee_changes
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.refusal import Refusal
from holdfast.telemetry import metrics

Seen: TypeAlias = Reservation | Refusal | None


class SharedRead:
    """Makes one unlocked read at a time per event, for all the requests that wait for it."""

    def __init__(self, store: BatchStore, *, wishes_max: int = 256) -> None:
        self._store = store
        self._reads: Coalescer[UUID, Reserve, Seen] = Coalescer(self._read, questions_max=wishes_max)
        self._changes: Coalescer[UUID, ChangeSeats, tuple[UUID, ...] | Refusal] = Coalescer(
            self._read_changes, questions_max=wishes_max
        )

    async def look(self, event_id: UUID, wish: Reserve) -> Seen:
        """Check a request against PostgreSQL (with `foresee`), in a read that begins after this call.

        Raises:
            ConnectionLost, Contended: if the read failed.
        """
        return await self._reads.ask(event_id, wish)

    async def look_at_change(self, event_id: UUID, wish: ChangeSeats) -> tuple[UUID, ...] | Refusal:
        """Check a request for other seats (with `foresee_changes`), in a read that begins after this call.

        Returns:
            The refusal, or the seats that the hold does not have yet.

        Raises:
            ConnectionLost, Contended: if the read failed.
        """
        return await self._changes.ask(event_id, wish)

    async def _read(self, event_id: UUID, wishes: Sequence[Reserve]) -> Sequence[Seen]:
        metrics.shared_reads_total.inc()
        snapshot, now = await self._store.load_unlocked(event_id, closure_of(wishes, overdue_max=0))
        return foresee(snapshot, wishes, now)

    async def _read_changes(
        self, event_id: UUID, wishes: Sequence[ChangeSeats]
    ) -> Sequence[tuple[UUID, ...] | Refusal]:
        metrics.shared_reads_total.inc()
        snapshot, now = await self._store.load_unlocked(event_id, closure_of(wishes, overdue_max=0))
        return foresee_changes(snapshot, wishes, now)
