"""Migrates a database: `holdfast migrate up|down|finish`. An operator runs it; nodes never migrate when they start."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations import finish as finishing
from holdfast.infrastructure.postgres.migrations.distributed import prepare_schema
from holdfast.infrastructure.postgres.migrations.reporter import Reporter, Silent
from holdfast.infrastructure.postgres.migrations.revisions import alembic_config, before, is_newer
from holdfast.infrastructure.postgres.migrations.session import connect, connected, current_revision
from holdfast.infrastructure.postgres.migrations.steps import Direction, Run, make_record, under_way
from holdfast.infrastructure.postgres.migrations.turn import take_turn
from holdfast.infrastructure.postgres.upkeep.suitability import unsuitable
from holdfast.server_urls.cells import Cell

TURN_SECONDS = 600.0
"""How long a second migration of the same database waits for the first."""

_Command = Callable[[Config], None]


class UnsuitableDatabaseError(Exception):
    """The database cannot hold the schema; the message says what to do. Nothing was changed."""


class WrongDirectionError(Exception):
    """This cannot be done now; the message says what can be done."""


def upgrade(where: Cell | str, revision: str = "head", *, reporter: Reporter | None = None) -> None:
    """Migrate up to `revision`; do nothing if that has been done, or if a newer version has migrated further.

    In a database without a schema the upgrade is finished at once, since no node can have used it.

    Raises:
        UnsuitableDatabaseError: The server is too old, or the database's encoding is not UTF-8.
        NotDistributedError: The cell is said to be on Citus, and the schema is not distributed.
        WrongDirectionError: A migration down is half done.
    """
    asyncio.run(upgrade_on(where, reporter or Silent(), revision))


def downgrade(where: Cell | str, revision: str = "-1", *, reporter: Reporter | None = None) -> None:
    """Migrate down to `revision`: one step by default, `base` for an empty database.

    Raises:
        WrongDirectionError: A migration is half done, or the schema is a newer version's.
    """
    asyncio.run(_downgrade(where, revision, reporter or Silent()))


def finish(where: Cell | str, *, force: bool = False, looks: int = finishing.LOOKS) -> None:
    """Finish an upgrade: let nodes use what came with this version. Do nothing if that has been done.

    Raises:
        OlderNodesError: Nodes of an older version are connected, and `force` is not set.
        WrongDirectionError: The schema is not this version's.
    """
    asyncio.run(finish_on(where, force=force, looks=looks))


async def upgrade_on(where: Cell | str, reporter: Reporter, revision: str = "head") -> None:
    """Do what `upgrade` does, within an event loop."""
    async with _turn(where, reporter) as (connection, carry_out):
        await _require_suitable(connection)
        await prepare_schema(connection, Cell.of(where))
        current = await current_revision(connection)
        if is_newer(current):
            return
        await _require_direction(connection, "up")
        await make_record(connection)
        await carry_out(partial(command.upgrade, revision=revision))
        if current is None and await current_revision(connection) == newest_migration():
            with contextlib.suppress(finishing.OlderNodesError):
                await finishing.finish(connection, looks=1)


async def _downgrade(where: Cell | str, revision: str, reporter: Reporter) -> None:
    async with _turn(where, reporter) as (connection, carry_out):
        current = await current_revision(connection)
        if is_newer(current):
            raise WrongDirectionError(
                f"the schema is {current} and this version knows {newest_migration()}: "
                "the version that has migrated it can take that back"
            )
        await _require_direction(connection, "down")
        if current is not None:
            await make_record(connection)
            await finishing.take_back(connection, before(current))
        await carry_out(partial(command.downgrade, revision=revision))


async def finish_on(where: Cell | str, *, force: bool = False, looks: int = 1) -> None:
    """Do what `finish` does, within an event loop."""
    async with connected(where, at_owner=True) as connection:
        await take_turn(connection, Silent(), seconds_max=TURN_SECONDS)
        current = await current_revision(connection)
        if current != newest_migration():
            raise WrongDirectionError(
                f"the schema is {current or 'none'} and this version's is {newest_migration()}: "
                + ("the newer version finishes" if is_newer(current) else "`holdfast migrate up` comes first")
            )
        if await finishing.finished_migration(connection) != current:
            await finishing.finish(connection, force=force, looks=looks)


_CarryOut = Callable[[_Command], "asyncio.Future[None]"]


@asynccontextmanager
async def _turn(where: Cell | str, reporter: Reporter) -> AsyncIterator[tuple[asyncpg.Connection, _CarryOut]]:
    """Yield a connection that has the turn to migrate, and a function that runs an Alembic command on it."""
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(connect, where), poolclass=NullPool)
    try:
        async with engine.connect() as of_alembic:
            connection = (await of_alembic.get_raw_connection()).driver_connection
            assert isinstance(connection, asyncpg.Connection)
            await take_turn(connection, reporter, seconds_max=TURN_SECONDS)
            config = alembic_config()
            config.attributes["run"] = Run(connect=partial(connect, where), reporter=reporter)

            def act(sync_connection: Connection, wanted: _Command) -> None:
                config.attributes["connection"] = sync_connection
                wanted(config)

            yield connection, lambda wanted: asyncio.ensure_future(of_alembic.run_sync(act, wanted))
    finally:
        await engine.dispose()


async def _require_direction(connection: asyncpg.Connection, direction: Direction) -> None:
    begun = await under_way(connection)
    if begun is not None and begun.direction != direction:
        was = "half done" if begun.direction == "up" else "half taken back"
        raise WrongDirectionError(
            f"migration {begun.revision} is {was} ({', '.join(begun.done)}): "
            f"complete it first with `holdfast migrate {begun.direction}`"
        )


async def _require_suitable(connection: asyncpg.Connection) -> None:
    row = await connection.fetchrow(
        "SELECT current_setting('server_version_num')::int AS version, pg_encoding_to_char(encoding) AS encoding"
        " FROM pg_database WHERE datname = current_database()"
    )
    assert row is not None
    reason = unsuitable(version_number=row["version"], encoding=row["encoding"])
    if reason is not None:
        raise UnsuitableDatabaseError(reason)
