"""Makes a database one of the cells (`holdfast cells add`). It may be killed at any point and is then run again.

The order matters. The database gets its number before cell 0 lists it: nodes use a cell once both are there. No id of a
cell may be older than the time at which it was added, since older ids with such bits belong to cell 0.
"""

import contextlib
from datetime import datetime

import asyncpg

from holdfast.application.features import FEATURES
from holdfast.infrastructure.postgres.cells.register import REGISTER
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations.cell_statements import CELLS
from holdfast.infrastructure.postgres.migrations.distributed import NotDistributedError, prepare_schema
from holdfast.infrastructure.postgres.migrations.finish import finished_migration
from holdfast.infrastructure.postgres.migrations.migrate import finish_on, upgrade_on
from holdfast.infrastructure.postgres.migrations.reporter import Reporter
from holdfast.infrastructure.postgres.migrations.session import connected, current_revision
from holdfast.infrastructure.postgres.migrations.steps import under_way
from holdfast.server_urls.cells import Cell

HOME = 0
_MADE_FIRST = ("alembic_version", "migration_steps")
"""Tables that are made before the first migration, which may have been broken off then."""


class CellError(Exception):
    """This cannot be done with this cell; the message is a sentence for the operator."""


async def add_cell(home: Cell, cell: Cell, *, name: str, reporter: Reporter, drained: bool = False) -> bool:
    """Make a database a cell; return whether anything was left to do.

    Args:
        home: Cell 0.
        cell: The database, which is empty, or was to become this cell before.
        name: What operators call it.
        reporter: Is told of the migrations.
        drained: Whether it gets no new events for the time being, since not all nodes know it yet.

    Raises:
        CellError: It cannot become this cell.
        Exception: One of the two cannot be reached, or refuses.
    """
    async with connected(home) as at_home:
        await require_ready_home(at_home)
        added_at = await CELLS.clock({}).fetchval(at_home)
        await CELLS.take_number({"number": HOME, "added_at": added_at}).execute(at_home)
        await _require_number(at_home, HOME, "DATABASE_URL leads to")
        listed = {row["number"]: row["added_at"] for row in await CELLS.known_cells({}).fetch(at_home)}
        own = await _look_at(cell, listed=cell.number in listed)
        if own is not None and listed.get(cell.number) == own:
            return False
        await upgrade_on(cell, reporter)
        await finish_on(cell)  # nobody uses it yet, so there can be no older node
        async with connected(cell) as there:
            await CELLS.take_number({"number": cell.number, "added_at": added_at}).execute(there)
            added_at = await _require_number(there, cell.number, f"CELLS names as cell {cell.number}")
        await CELLS.add_cell({"number": cell.number, "name": name, "added_at": added_at, "drained": drained}).execute(
            at_home
        )
        listed = {row["number"]: row["added_at"] for row in await CELLS.known_cells({}).fetch(at_home)}
        if listed[cell.number] != added_at:
            raise CellError(f"another database became cell {cell.number} at the same time: this one stays unused")
    return True


async def require_ready_home(at_home: asyncpg.Connection) -> None:
    """Make sure that cell 0 knows cells, and that all nodes do.

    Raises:
        CellError: if it does not.
    """
    current, newest = await current_revision(at_home), newest_migration()
    if current != newest:
        raise CellError(f"the schema of cell 0 is {current or 'none'} and must be {newest}: run `holdfast migrate up`")
    if (await finished_migration(at_home) or "") < FEATURES["cells"].migration:
        raise CellError("older nodes do not know cells: run `holdfast migrate finish` once no older node is left")


async def _look_at(cell: Cell, *, listed: bool) -> datetime | None:
    """Make sure that a database can become the cell; return since when it is the cell, None if it is not yet.

    Raises:
        CellError: It cannot.
    """
    async with connected(cell) as there:
        state = await CELLS.takes_writes({}).fetchrow(there)
        assert state is not None
        if state["standby"] or state["read_only"]:
            what = "is a standby" if state["standby"] else "is read-only"
            raise CellError(f"its server {what} and takes no writes: the url must lead to a primary")
        await _make_schema(there, cell)
        if await current_revision(there) is None and await under_way(there) is None:
            relations = [row["name"] for row in await CELLS.relations({}).fetch(there)]
            found = [name for name in relations if name not in _MADE_FIRST]
            if found:
                raise CellError(
                    f"its database is not empty (there is {', '.join(found)}): "
                    "name an empty one, or a schema of its own in CELLS"
                )
            if listed:
                raise CellError(f"cell {cell.number} has been added with another database, and this one is empty")
            return None
        return await _since(there, cell, listed=listed)


async def _make_schema(there: asyncpg.Connection, cell: Cell) -> None:
    try:
        await prepare_schema(there, cell)
    except NotDistributedError as error:
        raise CellError(str(error)) from None
    if cell.schema is not None:
        await there.execute(f'CREATE SCHEMA IF NOT EXISTS "{cell.schema}"')


async def _since(there: asyncpg.Connection, cell: Cell, *, listed: bool) -> datetime | None:
    own = None
    # If the migrations were broken off before they made it, there is no such column, or no table.
    with contextlib.suppress(asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        own = await REGISTER.own_number({}).fetchrow(there)
    if own is not None and own["number"] is not None:
        if own["number"] != cell.number:
            raise CellError(f"its database is cell {own['number']}: correct the number or the url in CELLS")
        added_at: datetime = own["added_at"]
        return added_at
    if listed:
        raise CellError(f"cell {cell.number} has been added with another database than this one")
    if await there.fetchval("SELECT to_regclass('events')") and await CELLS.has_events({}).fetchval(there):
        raise CellError("its database has events of an installation of its own: name an empty database")
    return None


async def _require_number(connection: asyncpg.Connection, number: int, named: str) -> datetime:
    own = await REGISTER.own_number({}).fetchrow(connection)
    assert own is not None
    if own["number"] != number:
        raise CellError(f"{named} the database of cell {own['number']}")
    added_at: datetime = own["added_at"]
    return added_at
