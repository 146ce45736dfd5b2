"""Poolers between a process and PostgreSQL, such as pgbouncer: what they let pass, and which cannot be used at all."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg

from holdfast.infrastructure.postgres.driver.hosts import connect_to_one_of

_ASK_PROCESS = "SELECT pg_backend_pid()"
_SHARED = (
    "DATABASE_URL leads to a pooler that shares one connection between several clients' transactions: set its "
    "pool_mode=session for this database, or connect to PostgreSQL directly"
)

_OTHERS_STATEMENTS = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)
"""What happens where prepared statements of several clients meet on one connection."""
_LOOKS = 4

_direct: set[str] = set()
"""URLs that lead to PostgreSQL itself."""
_pooled: set[str] = set()
"""URLs that lead to a pooler which gives each client a connection of its own."""


class PoolerError(ConnectionError):
    """A pooler gives one connection to several clients in turns, so that nothing said on it lasts."""


async def connect_with(
    database_url: str,
    server_settings: Mapping[str, str],
    *,
    timeout: float,  # noqa: ASYNC109 - the driver's own
    **named: Any,  # noqa: ANN401 - the driver's own
) -> asyncpg.Connection:
    """Connect, and make sure that these settings count and last.

    A pooler in session mode either refuses settings that come with the connection, or takes them and forgets them.
    There they are made afterwards.

    Raises:
        PoolerError: Nothing lasts there, neither settings nor locks nor prepared statements.
        Exception: what the driver says.
    """
    if database_url not in _pooled:
        try:
            connection = await connect_to_one_of(
                database_url, timeout=timeout, server_settings=dict(server_settings), **named
            )
        except asyncpg.ProtocolViolationError as refusal:
            if "startup parameter" not in str(refusal):
                raise
        else:
            if database_url in _direct or await _leads_to(connection):
                _direct.add(database_url)
                return connection
            connection.terminate()
    connection = await connect_to_one_of(database_url, timeout=timeout, **named)
    try:
        async with asyncio.timeout(timeout):
            if database_url not in _pooled:
                await _refuse_shared(database_url, connection, timeout)
            pairs = [word for pair in server_settings.items() for word in pair]
            calls = ", ".join(f"set_config(${place}, ${place + 1}, false)" for place in range(1, len(pairs), 2))
            if calls:
                await connection.execute(f"SELECT {calls}", *pairs)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _leads_to(connection: asyncpg.Connection) -> bool:
    """Whether the process at the other end is the one that answers; a pooler makes up a number of its own."""
    try:
        return bool(await connection.fetchval(_ASK_PROCESS) == connection.get_server_pid())
    except _OTHERS_STATEMENTS:
        return False
    except BaseException:
        connection.terminate()
        raise


async def _refuse_shared(database_url: str, connection: asyncpg.Connection, seconds: float) -> None:
    """Ask two connections that are open together who answers: at some time the same, if they share."""
    other: asyncpg.Connection | None = None
    try:
        async with asyncio.timeout(seconds / 2):
            other = await connect_to_one_of(database_url, timeout=seconds)
            here, there = set(), set()
            for _ in range(_LOOKS):
                here.add(await connection.fetchval(_ASK_PROCESS))
                there.add(await other.fetchval(_ASK_PROCESS))
            shared = len(here) > 1 or bool(here & there)
    except TimeoutError:  # perhaps each has its own, and there is none left for the second: ask again next time
        return
    except _OTHERS_STATEMENTS:
        shared = True
    finally:
        if other is not None:
            other.terminate()
    if shared:
        raise PoolerError(_SHARED)
    _pooled.add(database_url)
