"""What readiness asks PostgreSQL: is it there, can it be written to, and is its schema the one of this version?"""

from functools import cache
from importlib.resources import files

import asyncpg

from holdfast.application.readiness import OK, Finding
from holdfast.infrastructure.postgres.failures import translated
from holdfast.infrastructure.postgres.pool import Pool

_UP = ".up.sql"
OBSTRUCTED_SECONDS = 15.0
"""For how long a node that was refused something tells so."""


class PostgresReadiness:
    """The looks at PostgreSQL, over a pool that nothing else uses: busy is not the same as away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def server(self) -> Finding:
        """Tell whether the server answers, and takes writes.

        Raises:
            OperationalFailure: if it does not answer.
        """
        async with self._pool.connection() as connection:
            with translated():
                standby = await connection.fetchval("SELECT pg_is_in_recovery()")
        if standby:
            return Finding("failed", "The server is a standby, which takes no writes.")
        obstruction = self._pool.obstruction(seconds_max=OBSTRUCTED_SECONDS)
        return Finding("degraded", f"A statement was refused lately: {obstruction}") if obstruction else OK

    async def schema(self) -> Finding:
        """Tell whether the migrations are where this version needs them.

        A newer schema is no reason to send nothing here: in an upgrade the database goes first.

        Raises:
            OperationalFailure: if the server does not answer.
        """
        newest = newest_migration()
        async with self._pool.connection() as connection:
            with translated():
                try:
                    current = await connection.fetchval("SELECT version_num FROM alembic_version")
                except asyncpg.UndefinedTableError:
                    current = None
        if current == newest:
            return OK
        if current is not None and current > newest:
            return Finding("degraded", f"The schema is {current}, newer than this version's {newest}.")
        return Finding("failed", f"The schema is {current or 'none'} and must be {newest}: run `holdfast migrate up`.")


@cache
def newest_migration() -> str:
    """Name the newest migration that this version has, without loading what carries migrations out."""
    versions = files(__package__) / "migrations" / "versions"
    return max(entry.name[:4] for entry in versions.iterdir() if entry.name.endswith(_UP))
