"""How long each step of a write transaction takes, for batches of several sizes, on one connection."""

import gc
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from holdfast.application.booking.batching.progress import Progress
from holdfast.application.booking.batching.write import Written, write_batch, write_together
from holdfast.application.booking.ports import Closure, Lock
from holdfast.application.identifiers import uuid7
from holdfast.bench.server import Event
from holdfast.cli.sizing.measured import StepName
from holdfast.domain.booking.commands import Done, Reserve
from holdfast.domain.booking.snapshot import Changes, Snapshot
from holdfast.infrastructure.postgres.booking.batch_store import PostgresBatchStore, PostgresBatchTransaction
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool

SHAPES = (
    *((1, commands, 1) for commands in (1, 2, 4, 8, 16, 32, 64, 128, 256)),
    *((1, commands, 4) for commands in (1, 16, 128)),
    *((events, 1, 1) for events in (2, 4, 8, 16)),
    *((events, 4, 1) for events in (4, 16)),
)
"""Events of a transaction, commands of each, seats of each command."""
EVENTS = max(events for events, _, _ in SHAPES)
_SEATS_A_ROUND = sum(commands * seats for _, commands, seats in SHAPES)
"""What a round takes of the event that is in all shapes."""
HOLD = timedelta(minutes=15)
WARM_UP = 5
"""Transactions of each size before those that count."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One step of one transaction, in seconds."""

    step: StepName
    events: int
    commands: int
    """Of all events."""
    seats: int
    """Of all commands."""
    node: float
    """CPU of the API process."""
    postgres: float
    """CPU of the session's backend."""
    wall: float


class Stopwatch:
    """Ends the steps of a transaction, and notes what the process and PostgreSQL's backend spent meanwhile."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._backend: Path | None = None
        self.size = (0, 0, 0)
        """Events, commands and seats of the next transaction."""
        self._last = (0.0, 0.0, 0.0)

    def begin(self, backend: int) -> None:
        """Begin a transaction in the session of the backend with this process id."""
        self._backend = Path(f"/proc/{backend}/schedstat")
        self._last = self._now()

    def end(self, step: StepName) -> None:
        """End a step: everything since the one before it."""
        before, now = self._last, self._now()
        node, postgres, wall = now[0] - before[0], now[1] - before[1], now[2] - before[2]
        self.samples.append(Sample(step, *self.size, node, postgres, wall))
        self._last = self._now()

    def _now(self) -> tuple[float, float, float]:
        assert self._backend is not None, "a transaction has begun"
        on_cpu_nanoseconds = int(self._backend.read_text().split()[0])
        return time.thread_time(), on_cpu_nanoseconds / 1e9, time.perf_counter()


class _TimedTransaction(PostgresBatchTransaction):
    watch: Stopwatch

    async def lock(self, event_id: UUID, *, wait_seconds: float | None = None) -> Lock:
        found = await super().lock(event_id, wait_seconds=wait_seconds)
        self.watch.end("lock")
        return found

    async def lock_idle(self, event_ids: Sequence[UUID]) -> None:
        await super().lock_idle(event_ids)
        self.watch.end("lock")

    async def load(self, event_id: UUID, closure: Closure) -> tuple[Snapshot, datetime]:
        found = await super().load(event_id, closure)
        self.watch.end("load")
        return found

    async def load_locked(self, closures: Mapping[UUID, Closure]) -> tuple[dict[UUID, Snapshot], datetime]:
        found = await super().load_locked(closures)
        self.watch.end("load")
        return found

    async def store_together(self, batches: Sequence[Changes], now: datetime) -> None:
        """Called by `store` as well."""
        self.watch.end("decide")
        await super().store_together(batches, now)
        self.watch.end("store")

    async def commit(self) -> None:
        await super().commit()
        self.watch.end("commit")


class _TimedStore(PostgresBatchStore):
    """The real store on a single connection."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, pool)
        self._pool = pool
        self.watch = Stopwatch()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresBatchTransaction]:
        async with self._pool.connection() as connection:
            transaction = _TimedTransaction(connection, self.queries, self.store_queries)
            transaction.watch = self.watch
            self.watch.begin(connection.get_server_pid())
            yield transaction


async def time_steps(database_url: str, events: Sequence[Event], *, seconds: float) -> list[Sample]:
    """Write transactions of every shape in turn for some seconds, as a node does, and return every step.

    Args:
        database_url: A migrated database.
        events: `EVENTS` of them, on sale, with enough free seats.
        seconds: How long; shorter if the seats of an event do not suffice for a further round.

    Raises:
        RuntimeError: A reservation was refused, or there are too few seats for a single round.
    """
    pool = Pool(database_url, size=1, application_name="onsale", timeouts=Timeouts())
    gc.collect()
    gc.freeze()
    gc.disable()  # as good as: the API collects rarely, and never what it had at its start
    try:
        store = _TimedStore(pool)
        sellers = [_Seats(event) for event in events]
        end = time.monotonic() + seconds
        rounds = 0
        while rounds <= WARM_UP or time.monotonic() < end:
            if rounds > WARM_UP and min(seller.left for seller in sellers) < _SEATS_A_ROUND:
                break
            rounds += 1
            if rounds == WARM_UP:
                store.watch.samples.clear()
            for shape in SHAPES:
                await _write(store, sellers, *shape)
        return store.watch.samples
    finally:
        gc.enable()
        gc.unfreeze()
        await pool.close()


async def _write(store: _TimedStore, sellers: Sequence["_Seats"], events: int, commands: int, seats: int) -> None:
    store.watch.size = (events, events * commands, events * commands * seats)
    batches = {seller.event_id: [seller.wish(seats) for _ in range(commands)] for seller in sellers[:events]}
    written: dict[UUID, Written] = {}
    if events == 1:
        ((event_id, wishes),) = batches.items()
        one = await write_batch(store, event_id, wishes, hold=HOLD, overdue_max=64, progress=Progress())
        written = {} if one is None else {event_id: one}
    else:
        progress = {event_id: Progress() for event_id in batches}
        written = await write_together(store, batches, hold=HOLD, overdue_max=64, progress=progress)
    done = sum(isinstance(outcome, Done) for one in written.values() for outcome in one.outcomes)
    if done < events * commands:
        raise RuntimeError("a reservation that was only made to be timed was refused")


class _Seats:
    """The free seats of an event."""

    def __init__(self, event: Event) -> None:
        self.event_id = UUID(event.id)
        self._seats = iter(event.seat_ids)
        self.left = len(event.seat_ids)

    def wish(self, seats: int) -> Reserve:
        wanted = tuple(UUID(seat) for seat in islice(self._seats, seats))
        self.left -= len(wanted)
        if len(wanted) < seats:
            raise RuntimeError("the event has too few seats for this measurement")
        made = uuid7()
        return Reserve.wish(
            reservation_id=made,
            event_id=self.event_id,
            user_id=f"buyer-{made}",
            idempotency_key=f"order-{made}",
            seat_ids=wanted,
        )
