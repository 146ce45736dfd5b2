"""What the database contains after a race, counted by the tests' own SQL."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from builders import ordered_ids
from holdfast.application.identifiers import uuid7
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants
from races.calls import Answer
from races.waiting import until

DOUBLE_SALES = """
    SELECT live.seat_id, count(*) AS buyers FROM (
        SELECT unnest(seat_ids) AS seat_id FROM reservations WHERE status IN ('pending', 'confirmed')
    ) AS live GROUP BY live.seat_id HAVING count(*) > 1
"""


class Ledger:
    """Creates events and counts what was sold, on a separate connection."""

    def __init__(self, database_url: str, connection: asyncpg.Connection) -> None:
        self.database_url = database_url
        self.connection = connection
        self._one_statement = asyncio.Lock()

    async def add_event(self, seats: int, *, total_seats: int | None = None) -> tuple[UUID, list[UUID]]:
        """Create an event that begins tomorrow, with seats `S-1 … S-n` at 1,000 each, and its log."""
        event_id, seat_ids = uuid7(), ordered_ids(seats)
        now = datetime.now(UTC)
        async with self._one_statement, self.connection.transaction():
            await self.connection.execute(
                "INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at,"
                " updated_at, version, available) VALUES ($1, 'Race', '', '', $2, $2, $3, $4, $4, 1, $5)",
                event_id,
                now + timedelta(days=1),
                total_seats or seats,
                now,
                seats,
            )
            await self.connection.execute(
                "INSERT INTO seats (id, event_id, seat_number, price, position)"
                " SELECT s.id, $1, 'S-' || s.place, 1000, s.place - 1"
                " FROM unnest($2::uuid[]) WITH ORDINALITY AS s (id, place)",
                event_id,
                seat_ids,
            )
            await self.connection.execute(
                "INSERT INTO changes (event_id, version, kind, seat_ids, at) VALUES ($1, 1, 'seats_added', '{}', $2)",
                event_id,
                now,
            )
        return event_id, seat_ids

    async def let_hold_run_out(self, reservation_id: str, *, after_seconds: float) -> datetime:
        """Move the end of a hold, by PostgreSQL's clock, and return it."""
        async with self._one_statement, self.connection.transaction():
            expires_at: datetime = await self.connection.fetchval(
                "UPDATE reservations SET expires_at = clock_timestamp() + $2 WHERE id = $1 RETURNING expires_at",
                UUID(reservation_id),
                timedelta(seconds=after_seconds),
            )
            await self.connection.execute(
                "UPDATE claims SET expires_at = $2 WHERE reservation_id = $1", UUID(reservation_id), expires_at
            )
        return expires_at

    async def reservation(self, reservation_id: str) -> asyncpg.Record:
        """Return the row of a reservation."""
        async with self._one_statement:
            row = await self.connection.fetchrow("SELECT * FROM reservations WHERE id = $1", UUID(reservation_id))
        assert row is not None
        return row

    async def count(self, sql: str, *arguments: object) -> int:
        """Return the result of a counting statement."""
        async with self._one_statement:
            return int(await self.connection.fetchval(sql, *arguments))

    async def live_reservations(self, event_id: UUID) -> int:
        """Return the reservations of an event that hold or have bought seats."""
        return await self.count(
            "SELECT count(*) FROM reservations WHERE event_id = $1 AND status IN ('pending', 'confirmed')",
            event_id,
        )

    async def double_sales(self) -> int:
        """Return seats that are in more than one live reservation."""
        return await self.count(f"SELECT count(*) FROM ({DOUBLE_SALES}) AS doubled")

    async def wait_until_blocked(self, sessions: int = 1) -> None:
        """Return when this many sessions of the database wait for a lock."""

        async def blocked() -> bool:
            waiting = await self.count(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return waiting >= sessions

        await until(blocked)


async def assert_sound(ledger: Ledger) -> None:
    """Check every invariant, and count double sales independently of them."""
    results = await check_invariants(ledger.database_url)
    assert {result.name: result.violations for result in results if not result.holds} == {}
    assert await ledger.double_sales() == 0


def by_code(answers: Iterable[Answer]) -> Counter[str]:
    """Return how often each code was returned."""
    return Counter(answer.code for answer in answers)


def winners(answers: Sequence[Answer]) -> list[Answer]:
    """Return the successful results."""
    return [answer for answer in answers if answer.done]
