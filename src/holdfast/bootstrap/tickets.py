"""Builds what tickets need."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from holdfast.application.tickets.key_ring import KeyRing
from holdfast.application.tickets.tickets import Tickets
from holdfast.bootstrap.process import home_cell, open_pool
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.tickets.key_store import PostgresTicketKeys
from holdfast.infrastructure.postgres.tickets.seats import PostgresTicketSeats
from holdfast.infrastructure.ticket_signatures import Ed25519Signatures
from holdfast.settings import Settings


def build_tickets(read_pool: Pool, write_pool: Pool) -> Tickets:
    """Build the capability.

    Args:
        read_pool: For reads of a few rows.
        write_pool: For changes of keys, which are rare.
    """
    signatures = Ed25519Signatures()
    key_store = PostgresTicketKeys(read_pool, write_pool)
    return Tickets(
        seats=PostgresTicketSeats(read_pool),
        key_store=key_store,
        signatures=signatures,
        key_ring=KeyRing(key_store, signatures),
    )


def tickets_of_cell(home: Tickets, read_pool: Pool) -> Tickets:
    """Return the capability for the seats of another cell; cell 0 has the keys that sign all tickets."""
    return replace(home, seats=PostgresTicketSeats(read_pool))


@asynccontextmanager
async def open_tickets(settings: Settings, *, process: str) -> AsyncIterator[Tickets]:
    """Open a pool for a command, and yield the capability."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(stack, home_cell(settings), f"{process}-tickets", 1, Timeouts())
        yield build_tickets(pool, pool)
