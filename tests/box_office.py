"""An engine on real servers, seats to sell, and a check of the invariants at the end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

import holdfast.bootstrap.engine
from holdfast.application.booking.reserve import reserve
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.failures import Unavailable
from holdfast.application.identifiers import uuid7
from holdfast.bootstrap.engine import Engine
from holdfast.domain.booking.choosing.wish import BestAvailable
from holdfast.domain.booking.commands import Done, Reserve
from holdfast.domain.catalogue.event import EventDetails
from holdfast.domain.catalogue.seat import numbered_seats
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants
from holdfast.settings import Settings


@asynccontextmanager
async def open_engine(database_url: str, redis_url: str | None = None, **settings) -> AsyncIterator[Engine]:
    """An engine as a node has it; without Redis unless one is named."""
    chosen = Settings(database_url=database_url, redis_url=redis_url, **{"redis_call_seconds": 0.5, **settings})
    async with holdfast.bootstrap.engine.open_engine(chosen) as engine:
        yield engine


def an_event(*, starts_in=timedelta(days=1), **wanted) -> EventDetails:
    start_at = datetime.now(UTC) + starts_in
    details = {"name": "Concert", "description": "", "venue": "", "total_seats": 2_000}
    return EventDetails(**{"start_at": start_at, "end_at": start_at + timedelta(hours=2), **details, **wanted})


@dataclass(frozen=True)
class OnSale:
    """An event with seats, and wishes for them."""

    event_id: UUID
    seats: tuple[UUID, ...]

    def wish(self, *places: int, user="ann", key: str | None = None) -> Reserve:
        """A command for the seats at these places."""
        number = uuid7()
        return Reserve.wish(
            reservation_id=number,
            event_id=self.event_id,
            user_id=user,
            idempotency_key=key or str(number),
            seat_ids=tuple(self.seats[place] for place in places),
        )

    def best(self, count: int, *, user="ann", key: str | None = None, **wanted) -> Reserve:
        """A command for the best free seats."""
        number = uuid7()
        return Reserve.wish(
            reservation_id=number,
            event_id=self.event_id,
            user_id=user,
            idempotency_key=key or str(number),
            best=BestAvailable.wish(count=count, **wanted),
        )

    async def reserve_best(self, engine: Engine, count: int, *, user="ann", key: str | None = None, **wanted) -> Done:
        """What POST /reservations does with `best_available`."""
        return await reserve(
            engine.booking,
            event_id=self.event_id,
            user_id=user,
            idempotency_key=key or str(uuid7()),
            best=BestAvailable.wish(count=count, **wanted),
        )

    async def reserve(self, engine: Engine, *places: int, user="ann", key: str | None = None) -> Done:
        """What POST /reservations does."""
        return await reserve(
            engine.booking,
            event_id=self.event_id,
            user_id=user,
            idempotency_key=key or str(uuid7()),
            seat_ids=tuple(self.seats[place] for place in places),
        )


async def put_on_sale(engine: Engine, seats: int = 4, **wanted) -> OnSale:
    """Create an event with seats."""
    event = await create_event(engine.catalogue, an_event(**wanted))
    added, _ = await add_seats(engine.catalogue, event.id, numbered_seats(prefix="A", count=seats, price=1_000))
    return OnSale(event.id, tuple(seat.id for seat in added))


async def sql(database_url: str, statement: str, *arguments) -> list[asyncpg.Record]:
    """Run a statement outside Holdfast; without arguments it may be several."""
    connection = await asyncpg.connect(database_url)
    try:
        if arguments or statement.lstrip().upper().startswith(("SELECT", "WITH")):
            return await connection.fetch(statement, *arguments)
        await connection.execute(statement)
        return []
    finally:
        await connection.close()


async def let_holds_run_out(database_url: str, *reservation_ids: UUID, seconds: float = 1.0) -> None:
    """Move holds into the past, so that they expired some seconds ago; all of them if none is given."""
    await sql(
        database_url,
        """
        WITH gone AS (
            UPDATE reservations SET expires_at = clock_timestamp() - make_interval(secs => $2)
            WHERE status = 'pending' AND (id = ANY ($1) OR cardinality($1::uuid[]) = 0) RETURNING id, expires_at
        )
        UPDATE claims c SET expires_at = gone.expires_at FROM gone WHERE c.reservation_id = gone.id
        """,
        list(reservation_ids),
        seconds,
    )


@asynccontextmanager
async def event_locked(database_url: str, event_id: UUID) -> AsyncIterator[asyncpg.Connection]:
    """Hold an event's lock from another connection."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM events WHERE id = $1 FOR NO KEY UPDATE", event_id)
            yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def log_locked(database_url: str) -> AsyncIterator[None]:
    """Let batches lock their events and load, but not store, inside the block."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE changes IN SHARE MODE")
            yield
    finally:
        await connection.close()


async def until(condition: Callable[[], bool]) -> None:
    """Poll until a condition is true."""
    while not condition():  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.01)


async def reservations_of(database_url: str, event_id: UUID) -> list[asyncpg.Record]:
    return await sql(database_url, "SELECT * FROM reservations WHERE event_id = $1 ORDER BY created_version", event_id)


async def assert_promises_hold(database_url: str) -> None:
    broken = {result.name: result.violations for result in await check_invariants(database_url) if not result.holds}
    assert not broken, broken


async def outcome_of(awaitable) -> str:
    """Wait for something that must fail with 503; returns its `outcome`."""
    try:
        answer = await awaitable
    except Unavailable as unavailable:
        return unavailable.outcome
    raise AssertionError(f"answered {answer}")
