"""Reads the halls of events."""

from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from asyncpg import Record

from holdfast.domain.catalogue.categories import Category
from holdfast.domain.hall.stored import StoredHall
from holdfast.infrastructure.postgres.catalogue.rows import category_from
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled, Query, bound, load_queries
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


@dataclass(frozen=True, slots=True)
class HallReadsQueries:
    """The statements of `halls.sql`."""

    categories: Query[OfEvent]
    hall: Query[OfEvent]


HALL_READS = bound(HallReadsQueries, load_queries("reading/halls"))


class PostgresHallReads:
    """`application.reading.ports.HallReads` on the read pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def categories(self, event_id: UUID) -> tuple[list[Category], int] | None:
        """Read the categories and the version in one statement."""
        rows = await to_its_end(self._fetch(HALL_READS.categories({"event_id": event_id})))
        if not rows:
            return None
        return [category_from(row) for row in rows if row["key"] is not None], rows[0]["version"]

    async def hall(self, event_id: UUID) -> StoredHall | None:
        """Read the document and the versions in one statement."""
        rows = await to_its_end(self._fetch(HALL_READS.hall({"event_id": event_id})))
        return StoredHall(rows[0]["document"], rows[0]["chart_version"], rows[0]["version"]) if rows else None

    async def _fetch(self, statement: Filled) -> list[Record]:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)
