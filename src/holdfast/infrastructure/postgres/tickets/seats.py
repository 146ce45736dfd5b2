"""Looks up the seats of tickets."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from holdfast.application.tickets.ports import SeatOfTicket
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end
from holdfast.infrastructure.postgres.tickets.tickets_queries import TICKETS, OfSeats


class PostgresTicketSeats:
    """`application.tickets.ports.TicketSeats`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def seats(self, event_id: UUID, seat_ids: Sequence[UUID]) -> list[SeatOfTicket]:
        """Return seats of an event."""
        rows = await to_its_end(self._fetch({"event_id": event_id, "seat_ids": seat_ids}))
        return [SeatOfTicket(row["id"], row["seat_number"], row["section"], row["row_name"]) for row in rows]

    async def _fetch(self, seats: OfSeats) -> list[Record]:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await TICKETS.seats_of_tickets(seats).fetch(connection)
