"""The readiness probes of PostgreSQL: is it there, does it accept and keep writes, is its schema the right one?"""

import asyncpg

from holdfast.application.lifecycle.readiness import OK, Finding
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.upkeep.readiness_queries import READINESS
from holdfast.infrastructure.postgres.upkeep.suitability import ENCODING, unsuitable

OBSTRUCTED_SECONDS = 15.0
"""How long a node reports that it was refused something."""

_NOT_READ = "This role may not read alembic_version or installation: GRANT it SELECT on both."

_AT_RISK = {
    "synchronous_commit": "synchronous_commit is off, so a crash can lose acknowledged reservations: set it to on.",
    "fsync": "fsync is off, so a crash can lose everything: set it to on.",
    "full_page_writes": "full_page_writes is off, so a crash can corrupt pages: set it to on.",
}


class PostgresReadiness:
    """Probes PostgreSQL over a pool that nothing else uses, so a busy pool does not look like an outage."""

    def __init__(self, pool: Pool, *, number: int = 0) -> None:
        """Take a pool of connections to the cell with this number."""
        self._pool = pool
        self.named = f"the url of cell {number} in CELLS" if number else "DATABASE_URL"
        """What an operator has to change if the pool leads to the wrong server."""

    async def server(self) -> Finding:
        """Check that the server answers, is one that Holdfast can use, and accepts and keeps this role's writes.

        Raises:
            OperationalFailure: if it does not answer.
        """
        async with self._pool.connection() as connection:
            with translated(connection.cell):
                server = await READINESS.server({}).fetchrow(connection)
                missing = await self._missing_right(connection)
            assert server is not None
            finding = self._finding(server, missing)
            if finding is not OK:
                _look_anew(connection)
        return finding

    def _finding(self, server: asyncpg.Record, missing: str | None) -> Finding:
        reason = unsuitable(version_number=server["version_number"], encoding=server["encoding"])
        if reason is None and server["client_encoding"] != ENCODING:
            reason = f"client_encoding is {server['client_encoding']} and must be {ENCODING}: find out what sets it."
        if server["standby"]:
            reason = f"The server is a standby, which takes no writes: {self.named} must lead to the primary."
        elif server["read_only"]:
            reason = (
                "Transactions are read-only: see whether default_transaction_read_only is set for the server, "
                "the database or the role, and reset it."
            )
        reason = reason or missing
        if reason is not None:
            return Finding("failed", reason)
        told = [_AT_RISK[name] for name in server["not_durable"] if not server["throw_away"]]
        obstruction = self._pool.obstruction(seconds_max=OBSTRUCTED_SECONDS)
        if obstruction:
            told.append(f"A statement was refused recently: {obstruction}")
        return Finding("degraded", " ".join(told)) if told else OK

    async def _missing_right(self, connection: WatchedConnection) -> str | None:
        """Return a sentence about a right that every batch needs and this role lacks; None if it has them all."""
        missing = [row["missing"] for row in await READINESS.missing_grants({}).fetch(connection)]
        if missing:
            return f"This role lacks {', '.join(missing)}: GRANT it what is missing, or let it own the tables."
        try:
            await READINESS.lock_nothing({}).execute(connection)
        except asyncpg.UndefinedTableError:
            return None  # the schema probe reports that
        except asyncpg.ReadOnlySQLTransactionError:
            return "Transactions are read-only, so that no event can be locked."
        return None

    async def schema(self) -> Finding:
        """Check that the migrations are at the version this release needs.

        A newer schema does not make the node unready, because in an upgrade the database goes first. It does once the
        upgrade has been finished, because newer nodes then write what this release does not understand.

        Raises:
            OperationalFailure: if the server does not answer.
        """
        newest = newest_migration()
        current = finished = None
        async with self._pool.connection() as connection:
            with translated(connection.cell):
                try:
                    current = await READINESS.schema_version({}).fetchval(connection)
                    if (current or "") >= newest:
                        finished = await READINESS.finished_upgrade({}).fetchval(connection)
                except asyncpg.UndefinedTableError:
                    pass
                except asyncpg.InsufficientPrivilegeError:
                    return Finding("failed", _NOT_READ)
            if current != newest:
                _look_anew(connection)
        if current == newest:
            return OK
        if current is not None and current > newest:
            told = f"The schema is {current}, newer than this version's {newest}"
            if finished is not None and finished > newest:
                return Finding("failed", f"{told}, and the upgrade is finished: replace this node by a newer one.")
            return Finding("degraded", f"{told}: it serves until the upgrade is finished.")
        return Finding("failed", f"The schema is {current or 'none'} and must be {newest}: run `holdfast migrate up`.")


def _look_anew(connection: WatchedConnection) -> None:
    """Have the next probe open a new session, because this one's findings may come from its own old settings.

    If a setting of the role or the database is changed back, such as `default_transaction_read_only` or `search_path`,
    open sessions keep the old value. One of them reported "not ready" until the node was restarted.
    """
    connection.terminate()
