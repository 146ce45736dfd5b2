"""Reads the schema's migration, and how far upgrades are finished."""

from collections.abc import Awaitable, Callable

import asyncpg

from holdfast.application.upkeep.learn_features import SchemaState
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.upkeep.readiness_queries import READINESS


class PostgresUpgrades:
    """`application.upkeep.learn_features.Upgrades`, on a pool that is shared with others."""

    def __init__(self, pool: Pool, own_number: Callable[[asyncpg.Connection], Awaitable[int | None]]) -> None:
        """Take a pool, and how to ask on a connection which cell a database is; None if it was never told."""
        self._pool = pool
        self._own_number = own_number

    async def read(self) -> SchemaState:
        """Read all of it; None for each if the schema is too old to say."""
        schema = finished = None
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                try:
                    schema = await READINESS.schema_version({}).fetchval(connection)
                    finished = await READINESS.finished_upgrade({}).fetchval(connection)
                except asyncpg.UndefinedTableError:
                    pass  # the schema is too old, which the readiness probe reports
                cell = await self._own_number(connection)
        return SchemaState(schema, newest_migration(), finished, cell)
