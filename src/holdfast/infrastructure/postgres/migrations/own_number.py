"""Reads which cell a database is. It is separate, so that nodes, which ask at their start, do not load Alembic."""

import asyncpg

from holdfast.infrastructure.postgres.migrations.cell_statements import CELLS
from holdfast.infrastructure.postgres.migrations.session import connected
from holdfast.server_urls.cells import Cell


async def own_number(cell: Cell) -> int | None:
    """Return which cell a database is; None if it was never told."""
    async with connected(cell) as connection:
        return await own_number_on(connection)


async def own_number_on(connection: asyncpg.Connection) -> int | None:
    """Return which cell the database of a connection is."""
    try:
        row = await CELLS.own_number({}).fetchrow(connection)
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        return None
    return None if row is None else row["number"]
