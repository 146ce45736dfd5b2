"""Many concurrent writers on a database with some of its protections switched off.

The batcher, which would let one transaction after the other through, is not there: every writer writes its own
batches, on a connection of its own.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import asyncpg

from holdfast.application.booking.batching.write import Progress, write_batch
from holdfast.application.booking.ports import BatchTransaction, Gate
from holdfast.application.failures import Contended, GuardMismatch
from holdfast.application.identifiers import uuid7
from holdfast.domain.booking.commands import Done, Refused, Reserve
from holdfast.domain.booking.snapshot import Changes
from holdfast.infrastructure.postgres.booking import batch_store
from holdfast.infrastructure.postgres.booking.batch_store import PostgresBatchStore
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool
from races.ledger import DOUBLE_SALES

HOLD = timedelta(minutes=15)
PATIENT = Timeouts(connect_seconds=20, lock_seconds=30, statement_seconds=30, idle_in_transaction_seconds=30)
ATTEMPTS_MAX = 200
PATIENCE_SECONDS = 0.01
"""How long a transaction waits, after its reads, until others have read the same."""
PRIOR_BY_KEY = "WHERE r.idempotency_key = wish.idempotency_key AND r.user_id = wish.user_id"


@dataclass(frozen=True)
class Layers:
    """Which protections of PostgreSQL are on."""

    event_lock: bool = False
    guard: bool = False
    claims_key: bool = False
    key_lookup: bool = True
    key_unique: bool = True


@asynccontextmanager
async def weakened_store(
    database_url: str, layers: Layers, *, connections: int, monkeypatch
) -> AsyncIterator[PostgresBatchStore]:
    """Remove the other protections: constraints from the database, conditions from the statements."""
    await _drop_constraints(database_url, layers)
    if not layers.guard:
        monkeypatch.setattr(batch_store, "check_counts", lambda *_: None)
    async with AsyncExitStack() as stack:
        pools = []
        for name in ("write", "read"):
            pool = Pool(
                database_url,
                size=connections,
                application_name=f"storm-{name}",
                timeouts=PATIENT,
                wait_seconds_max=30,
            )
            stack.push_async_callback(pool.close)
            pools.append(pool)
        store = PostgresBatchStore(*pools)
        if not layers.event_lock:
            _change(store, "queries", "lock_event", " FOR NO KEY UPDATE", "")
        if not layers.guard:
            parameters = store.store_queries.store_batch.parameters
            event, loaded = (f"${parameters.index(name) + 1}" for name in ("event_id", "loaded_version"))
            guard = f"WHERE id = {event} AND version = {loaded}"
            _change(
                store, "store_queries", "store_batch", guard, f"WHERE id = {event} AND {loaded}::bigint IS NOT NULL"
            )
        if not layers.key_lookup:
            _change(store, "queries", "load_batch", PRIOR_BY_KEY, f"{PRIOR_BY_KEY} AND false")
        yield store


async def _drop_constraints(database_url: str, layers: Layers) -> None:
    connection = await asyncpg.connect(database_url)
    # The log's key would refuse two entries of one version, and so act as the guard.
    await connection.execute("ALTER TABLE changes DROP CONSTRAINT changes_pkey")
    if not layers.claims_key:
        await connection.execute("ALTER TABLE claims DROP CONSTRAINT claims_pkey")
    if not layers.key_unique:
        await connection.execute("ALTER TABLE reservations DROP CONSTRAINT reservations_idempotency_key")
    await connection.close()


def _change(store: PostgresBatchStore, file: str, name: str, old: str, new: str) -> None:
    queries = getattr(store, file)
    query = getattr(queries, name)
    assert query.sql.count(old) == 1, f"{name} no longer says {old!r}: adapt the harness"
    setattr(store, file, replace(queries, **{name: replace(query, sql=query.sql.replace(old, new))}))


class Rendezvous:
    """Makes transactions overlap: each waits, between load and store, until all others have loaded.

    Where a layer keeps the others out they never come; then it goes on after `PATIENCE_SECONDS`.
    """

    def __init__(self, parties: int) -> None:
        self._barrier = asyncio.Barrier(parties)

    async def meet(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._barrier.wait()
        except TimeoutError:
            return


class _MeetingTransaction:
    """A transaction that waits for the others before it stores."""

    def __init__(self, transaction: BatchTransaction, rendezvous: Rendezvous) -> None:
        self._rendezvous = rendezvous
        self._transaction = transaction
        self.lock = transaction.lock
        self.load = transaction.load
        self.commit = transaction.commit

    async def store(self, changes: Changes, now) -> None:
        await self._rendezvous.meet()
        await self._transaction.store(changes, now)


class _MeetingStore:
    """A store of such transactions."""

    def __init__(self, store: PostgresBatchStore, rendezvous: Rendezvous) -> None:
        self._store = store
        self._rendezvous = rendezvous

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[_MeetingTransaction]:
        async with self._store.transaction() as transaction:
            yield _MeetingTransaction(transaction, self._rendezvous)


@dataclass
class Sales:
    """The result of a run."""

    acknowledged: Counter[UUID] = field(default_factory=Counter)
    """Per seat, how many buyers were told that they have it."""
    refused: int = 0
    given_up: int = 0
    mismatches: int = 0
    reservation_ids: set[UUID] = field(default_factory=set)
    doubled_in_database: int = 0

    @property
    def double_sales(self) -> int:
        """Seats sold more than once, by the responses or by the rows, whichever is more."""
        return max(sum(buyers > 1 for buyers in self.acknowledged.values()), self.doubled_in_database)


def wishes_for(event_id: UUID, seat_ids: Sequence[UUID], *, writers: int, buyer: str = "buyer") -> list[Reserve]:
    """Return one wish per writer for one or two of the seats, each from another buyer."""
    chance = random.Random(1)
    return [
        Reserve.wish(
            reservation_id=uuid7(),
            event_id=event_id,
            user_id=f"{buyer}-{number}",
            idempotency_key="once",
            seat_ids=tuple(chance.sample(seat_ids, min(len(seat_ids), chance.choice((1, 1, 2))))),
        )
        for number in range(writers)
    ]


async def storm(
    store: PostgresBatchStore,
    event_id: UUID,
    wishes: Sequence[Reserve],
    *,
    gate_of: Callable[[int], Gate] | None = None,
    ledger,
) -> Sales:
    """Write every wish separately, all at once, and count what was sold.

    Args:
        store: The weakened store, with a connection for each.
        event_id: The event.
        wishes: One per writer.
        gate_of: The gate of a writer, by number; one that loses there tries again until it passes.
        ledger: Counts the rows.
    """
    sales = Sales()
    meeting = _MeetingStore(store, Rendezvous(len(wishes)))
    await asyncio.gather(
        *(
            _write(meeting, event_id, wish, gate_of(number) if gate_of else None, sales)
            for number, wish in enumerate(wishes)
        )
    )
    sales.doubled_in_database = await ledger.count(f"SELECT count(*) FROM ({DOUBLE_SALES}) AS doubled")
    return sales


async def _write(store: _MeetingStore, event_id: UUID, wish: Reserve, gate: Gate | None, sales: Sales) -> None:
    for _ in range(ATTEMPTS_MAX):
        if gate is not None and not await gate.acquire(event_id, wish):
            await asyncio.sleep(0.01)
            continue
        try:
            written = await write_batch(store, event_id, [wish], hold=HOLD, overdue_max=64, progress=Progress())
        except (GuardMismatch, Contended):
            sales.mismatches += 1
            continue
        finally:
            if gate is not None:
                gate.release(wish)
        assert written is not None
        [outcome] = written.outcomes
        if isinstance(outcome, Done):
            sales.acknowledged.update(outcome.reservation.seat_ids)
            sales.reservation_ids.add(outcome.reservation.id)
        else:
            assert isinstance(outcome, Refused)
            sales.refused += 1
        return
    sales.given_up += 1
