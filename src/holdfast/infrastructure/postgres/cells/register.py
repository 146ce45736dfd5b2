"""Reads which cell a database is, and which cells there are."""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Connection, Record, UndefinedColumnError, UndefinedTableError

from holdfast.application.cells.ports import KnownCell, OwnNumber
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled, Nothing, Query, bound, load_queries
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end


@dataclass(frozen=True, slots=True)
class RegisterQueries:
    """The statements of `register.sql`."""

    own_number: Query[Nothing]
    cells: Query[Nothing]
    planned_seats: Query[Nothing]
    ping: Query[Nothing]


REGISTER = bound(RegisterQueries, load_queries("cells/register"))


async def own_number_on(connection: Connection) -> int | None:
    """Return which cell the database of a connection is; None if it was never told, or has no such tables yet."""
    try:
        row = await REGISTER.own_number({}).fetchrow(connection)
    except (UndefinedTableError, UndefinedColumnError):
        return None
    return None if row is None else row["number"]


class PostgresRegister:
    """`application.cells.ports.Register`, on a pool that no sale uses."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def own(self) -> OwnNumber | None:
        """Return which cell the database is; None if it was never told."""
        [row] = await self._rows(REGISTER.own_number({}))
        return None if row["number"] is None else OwnNumber(row["number"], row["added_at"])

    async def cells(self) -> Sequence[KnownCell]:
        """Return the cells of the installation."""
        rows = await self._rows(REGISTER.cells({}))
        return [KnownCell(row["number"], row["added_at"], row["drained"]) for row in rows]

    async def planned_seats(self) -> int:
        """Return how many seats the events that are not over are planned to have."""
        [row] = await self._rows(REGISTER.planned_seats({}))
        return int(row["seats"])

    async def ping(self) -> None:
        """Make sure that the database answers."""
        await self._rows(REGISTER.ping({}))

    async def _rows(self, statement: Filled) -> list[Record]:
        return await to_its_end(self._fetch(statement))

    async def _fetch(self, statement: Filled) -> list[Record]:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)
