"""Connections for migrations: without the limits that protect buyers, and recognisable in `pg_stat_activity`."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg

from holdfast.infrastructure.postgres.driver.known_schema import session_name
from holdfast.infrastructure.postgres.driver.poolers import connect_with
from holdfast.infrastructure.postgres.migrations.distributed import let_settings_reach_workers
from holdfast.server_urls.cells import Cell

_CONNECT_SECONDS = 10.0
# They override what the role or the database has set: an index of a large table may take an hour.
_SETTINGS = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0", "lock_timeout": "0"}
_END_WITH_US = "SET client_connection_check_interval = 2000"
"""When a command is killed, PostgreSQL ends its index build too; otherwise it would go on and keep the turn to migrate.
"""


async def connect(where: Cell | str, *, at_owner: bool = False) -> asyncpg.Connection:
    """Open a connection to a cell, or to the only database by its URL.

    Args:
        where: The cell.
        at_owner: If it is on Citus, connect to the node that has the tables, and so the sessions of nodes of Holdfast.
            Tables are changed at the coordinator.
    """
    cell = Cell.of(where) if at_owner else replace(Cell.of(where), citus=False)
    settings = {**_SETTINGS, **cell.search_path, "application_name": session_name("migrate")}
    connection = await connect_with(cell, settings, timeout=_CONNECT_SECONDS)
    try:
        with contextlib.suppress(asyncpg.PostgresError):  # some operating systems of servers do not support it
            await connection.execute(_END_WITH_US)
        await let_settings_reach_workers(connection)
    except BaseException:  # cancelled: who watches a migration may still be connecting when it is done
        connection.terminate()
        raise
    return connection


@asynccontextmanager
async def connected(where: Cell | str, *, at_owner: bool = False) -> AsyncIterator[asyncpg.Connection]:
    """Keep a connection open for the block."""
    connection = await connect(where, at_owner=at_owner)
    try:
        yield connection
    finally:
        connection.terminate()


async def current_revision(connection: asyncpg.Connection) -> str | None:
    """Return the database's revision; None without a schema."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    current: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return current
