"""What is different about migrating a schema that Citus distributes."""

import asyncpg

from holdfast.server_urls.cells import Cell

ON_CITUS = "SELECT to_regclass('pg_catalog.pg_dist_schema') IS NOT NULL"

_STATE = """
SELECT to_regnamespace($1) IS NOT NULL AS there,
    EXISTS (SELECT 1 FROM pg_dist_schema WHERE schemaid = to_regnamespace($1)) AS distributed"""

_REACH_WORKERS = "SET citus.propagate_set_commands TO local"
"""Without this, `lock_timeout` counts only at the coordinator. A change of a table would then wait without a limit at
the node that has it, with all batches of the cell behind it."""


class NotDistributedError(Exception):
    """The cell is said to be on Citus, and is not; the message says what to do."""


async def prepare_schema(connection: asyncpg.Connection, cell: Cell) -> None:
    """Create the schema of a cell on Citus as a distributed one, if it does not exist.

    Raises:
        NotDistributedError: The database is not Citus's, or the schema exists and is not distributed.
    """
    if not cell.citus:
        return
    if not await connection.fetchval(ON_CITUS):
        raise NotDistributedError(
            "the database has no distributed schemas: create the extension citus (12 or newer) on every node, "
            "or take `citus` out of the cell"
        )
    state = await connection.fetchrow(_STATE, cell.schema)
    assert state is not None
    if state["there"] and not state["distributed"]:
        raise NotDistributedError(
            f"the schema {cell.schema} is an ordinary one: SELECT citus_schema_distribute('{cell.schema}'), or drop it"
        )
    if not state["there"]:
        async with connection.transaction():
            await connection.execute("SET LOCAL citus.enable_schema_based_sharding TO on")
            await connection.execute(f'CREATE SCHEMA "{cell.schema}"')


async def let_settings_reach_workers(connection: asyncpg.Connection) -> None:
    """Have the limits that a step sets for its transaction count at the node that has the tables, too."""
    if await connection.fetchval(ON_CITUS):
        await connection.execute(_REACH_WORKERS)
