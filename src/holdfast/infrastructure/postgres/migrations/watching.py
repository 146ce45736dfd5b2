"""Watches, over a second connection, what a migration's session waits for and how far it is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import asyncpg

from holdfast.infrastructure.postgres.migrations.reporter import Reporter

LOOK_SECONDS = 0.25

Connect = Callable[[], Awaitable[asyncpg.Connection]]

_HOLDERS = """
SELECT a.pid, a.application_name, a.state,
    extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start))::float8 AS seconds
FROM unnest(pg_blocking_pids($1)) AS holder (pid) JOIN pg_stat_activity a USING (pid)
ORDER BY seconds DESC NULLS LAST LIMIT 3"""

_PROGRESS = """
SELECT phase, CASE
    WHEN blocks_total > 0 THEN blocks_done::float8 / blocks_total
    WHEN tuples_total > 0 THEN tuples_done::float8 / tuples_total
END AS share FROM pg_stat_progress_create_index WHERE pid = $1"""


class Watcher:
    """The last observation; `holders` describes the sessions that block the current or failed statement."""

    def __init__(self, reporter: Reporter) -> None:
        self.holders = ""
        self._reporter = reporter

    async def look(self, connection: asyncpg.Connection, pid: int) -> None:
        """Observe the session with this process id once."""
        holders = await connection.fetch(_HOLDERS, pid)
        if holders:
            self.holders = told(holders)
            self._reporter.waits(f"waits for a lock that is held by {self.holders}")
            return
        progress = await connection.fetchrow(_PROGRESS, pid)
        if progress is not None:
            self._reporter.progressed(progress["phase"], progress["share"])


@asynccontextmanager
async def watching(connect: Connect, pid: int, reporter: Reporter) -> AsyncIterator[Watcher]:
    """Observe repeatedly until the end of the block; without a second connection nothing is observed."""
    watcher = Watcher(reporter)

    async def keep_looking() -> None:
        connection: asyncpg.Connection | None = None
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                    if connection is None or connection.is_closed():
                        connection = await connect()
                    await watcher.look(connection, pid)
        finally:
            if connection is not None:
                connection.terminate()

    task = asyncio.create_task(keep_looking())
    try:
        yield watcher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def told(sessions: Iterable[asyncpg.Record]) -> str:
    """Describe sessions as in `pg_stat_activity`: process id, application, state, and for how long."""
    return ", ".join(
        f"pid {row['pid']} ({row['application_name'] or 'without a name'}, {row['state'] or 'not to be seen'}"
        + (f" for {row['seconds']:.0f} s)" if row["seconds"] is not None else ")")
        for row in sessions
    )
