"""Detects poolers, such as pgbouncer, between a process and PostgreSQL, and refuses those that cannot be used."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg

from holdfast.infrastructure.postgres.driver.owners import connect_to_owner
from holdfast.server_urls.cells import Cell

_ASK_PROCESS = "SELECT pg_backend_pid()"
_SHARED = (
    "DATABASE_URL leads to a pooler that shares one connection between several clients' transactions: set its "
    "pool_mode=session for this database, or connect to PostgreSQL directly"
)

_OTHERS_STATEMENTS = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)
"""The errors that occur when several clients' prepared statements meet on one connection."""
_LOOKS = 4

_direct: set[str] = set()
"""URLs that lead to PostgreSQL itself."""
_pooled: set[str] = set()
"""URLs that lead to a pooler which gives each client its own connection."""


class PoolerError(ConnectionError):
    """The pooler gives one connection to several clients in turns, so nothing set on it persists."""


async def connect_with(
    where: Cell | str,
    server_settings: Mapping[str, str],
    *,
    timeout: float,  # noqa: ASYNC109 - the driver's parameter
    **named: Any,  # noqa: ANN401 - the driver's parameter
) -> asyncpg.Connection:
    """Connect to a cell, or to the only database by its URL, and make sure that these settings take effect and persist.

    A pooler in session mode either refuses settings sent with the connection request, or accepts and ignores them. The
    settings are then made after connecting.

    Raises:
        PoolerError: if nothing persists there, neither settings nor locks nor prepared statements.
        Exception: the driver's error.
    """
    cell = Cell.of(where)
    if cell.url not in _pooled:
        try:
            connection = await connect_to_owner(cell, timeout=timeout, server_settings=dict(server_settings), **named)
        except asyncpg.ProtocolViolationError as refusal:
            if "startup parameter" not in str(refusal):
                raise
        else:
            if cell.url in _direct or await _leads_to(connection):
                _direct.add(cell.url)
                return connection
            connection.terminate()
    connection = await connect_to_owner(cell, timeout=timeout, **named)
    try:
        async with asyncio.timeout(timeout):
            if cell.url not in _pooled:
                await _refuse_shared(cell, connection, timeout)
            pairs = [word for pair in server_settings.items() for word in pair]
            calls = ", ".join(f"set_config(${place}, ${place + 1}, false)" for place in range(1, len(pairs), 2))
            if calls:
                await connection.execute(f"SELECT {calls}", *pairs)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _leads_to(connection: asyncpg.Connection) -> bool:
    """Return whether the connection leads to PostgreSQL itself: a pooler invents a backend process id of its own."""
    try:
        return bool(await connection.fetchval(_ASK_PROCESS) == connection.get_server_pid())
    except _OTHERS_STATEMENTS:
        return False
    except BaseException:
        connection.terminate()
        raise


async def _refuse_shared(cell: Cell, connection: asyncpg.Connection, seconds: float) -> None:
    """Ask two connections, open at the same time, which backend answers. If they share one, it is the same in time."""
    other: asyncpg.Connection | None = None
    try:
        async with asyncio.timeout(seconds / 2):
            other = await connect_to_owner(cell, timeout=seconds)
            here, there = set(), set()
            for _ in range(_LOOKS):
                here.add(await connection.fetchval(_ASK_PROCESS))
                there.add(await other.fetchval(_ASK_PROCESS))
            shared = len(here) > 1 or bool(here & there)
    except TimeoutError:  # the second may find no free backend: ask again next time
        return
    except _OTHERS_STATEMENTS:
        shared = True
    finally:
        if other is not None:
            other.terminate()
    if shared:
        raise PoolerError(_SHARED)
    _pooled.add(cell.url)
