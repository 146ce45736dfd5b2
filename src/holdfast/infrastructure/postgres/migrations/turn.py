"""Allows one migration at a time, by a lock of the session, since some steps run outside any transaction."""

import asyncio
import time

import asyncpg

from holdfast.infrastructure.postgres.migrations.reporter import Reporter
from holdfast.infrastructure.postgres.migrations.watching import told

_KEY = 0x486F6C64
"""Key of the advisory lock; older versions use the same."""
_TRY_SECONDS = 0.2

_HOLDER = """
SELECT a.pid, a.application_name, a.state,
    extract(epoch FROM clock_timestamp() - a.backend_start)::float8 AS seconds
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid = 0 AND l.objid = $1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


class OthersTurnError(Exception):
    """Another migration of this database does not finish; the message says whose."""


async def take_turn(connection: asyncpg.Connection, reporter: Reporter, *, seconds_max: float) -> None:
    """Take the lock, which the connection keeps until it is closed.

    It polls instead of waiting for the lock. CREATE INDEX CONCURRENTLY waits for every transaction that began before
    it, also for one that waits for this lock, so both would wait for ever.

    Raises:
        OthersTurnError: It was not available in time.
    """
    deadline = time.monotonic() + seconds_max
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _KEY):
        holder = told(await connection.fetch(_HOLDER, _KEY)) or "a session that has just ended"
        if time.monotonic() > deadline:
            raise OthersTurnError(f"another migration of this database is under way: {holder}")
        reporter.waits(f"waits for another migration of this database: {holder}")
        await asyncio.sleep(_TRY_SECONDS)
