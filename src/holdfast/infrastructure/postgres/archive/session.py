"""The one connection on which a process archives and restores."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from holdfast.application.failures import GuardMismatch
from holdfast.application.features import FEATURES
from holdfast.application.upkeep.archive.refusals import RowsDisagreeError
from holdfast.infrastructure.postgres.archive.archive_queries import ARCHIVE
from holdfast.infrastructure.postgres.driver.connection import Timeouts, WatchedConnection, connect
from holdfast.infrastructure.postgres.driver.failures import constraint_of, translated
from holdfast.infrastructure.postgres.driver.known_schema import session_name
from holdfast.infrastructure.postgres.driver.transaction import commit, rollback_if_open
from holdfast.server_urls.cells import Cell

TIMEOUTS = Timeouts(idle_in_transaction_seconds=10.0, statement_seconds=Timeouts().bulk_statement_seconds)
"""The statements are about a few thousand rows each and take milliseconds; on a slow disk it may be seconds."""


class ArchiveSession:
    """Opens the connection when it is needed, and again when it was lost."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self.cell = cell.label
        self._connection: WatchedConnection | None = None
        self._leads = False

    async def connection(self) -> WatchedConnection:
        """Return the connection.

        Raises:
            OperationalFailure: if there is none to be had.
        """
        if self._connection is None or self._connection.is_closed():
            self._leads = False
            self._connection = await connect(self._cell, application_name=session_name("archiver"), timeouts=TIMEOUTS)
            with translated(self._connection.cell):
                await ARCHIVE.sessions_settings({}).execute(self._connection)
        return self._connection

    async def lead(self) -> bool:
        """Return whether this is the session that archives, which it stays until its connection is lost."""
        connection = await self.connection()
        if not self._leads:
            with translated(connection.cell):
                self._leads = bool(await ARCHIVE.try_to_lead({}).fetchval(connection))
        return self._leads

    async def may_archive(self) -> bool:
        """Return whether the upgrade that brought archiving is finished, so that every node knows what it is."""
        connection = await self.connection()
        with translated(connection.cell):
            finished = await ARCHIVE.finished_upgrade({}).fetchval(connection)
        return (finished or "") >= FEATURES["archive"].migration

    async def close(self) -> None:
        """Cut the connection. Nothing is cancelled, so a COMMIT under way goes on."""
        if self._connection is not None:
            self._connection.terminate()


@asynccontextmanager
async def locked(connection: WatchedConnection, event_id: UUID) -> AsyncIterator[None]:
    """Lock an event for the block, and commit what the block does at its end. If it raises, nothing was done.

    Raises:
        RowsDisagreeError: PostgreSQL refused a row: others that should not be there are in its way.
    """
    try:
        with translated(connection.cell):
            await connection.execute("BEGIN")
            await ARCHIVE.lock_event({"event_id": event_id}).execute(connection)
        yield
        with translated(connection.cell):
            await commit(connection)
    except Exception as error:
        await rollback_if_open(connection)
        refused = error.__cause__ if isinstance(error, GuardMismatch) else error
        if isinstance(refused, asyncpg.IntegrityConstraintViolationError):
            raise RowsDisagreeError(
                f"{event_id} has rows that {constraint_of(refused)} does not allow: run `holdfast check`"
            ) from error
        raise
    except BaseException:  # cancelled in a statement: what it did is undone when the connection is cut
        connection.terminate()
        raise
