"""Adds up stretches of the log."""

import asyncio
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from holdfast.application.reports.sales_ports import MinuteSales, StretchOfLog
from holdfast.domain.booking.snapshot import Mark
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries


class Stretch(TypedDict):
    """A stretch of an event's log: what comes after one version, up to another."""

    event_id: UUID
    after_version: int
    until_version: int
    by_category: bool


@dataclass(frozen=True, slots=True)
class SalesQueries:
    """The statements of `sales.sql`."""

    sums_of_log: Query[Stretch]


SALES = bound(SalesQueries, load_queries("reports/sales"))


class PostgresSalesSource:
    """`application.reports.sales_ports.SalesSource`, on the pool of large reads."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._turns = asyncio.Lock()

    async def stretch(
        self, event_id: UUID, *, after_version: int, until_version: int, by_category: bool
    ) -> StretchOfLog | None:
        """Add up a stretch. Events take turns, so that one connection is enough."""
        statement = SALES.sums_of_log(
            {
                "event_id": event_id,
                "after_version": after_version,
                "until_version": until_version,
                "by_category": by_category,
            }
        )
        async with self._turns, self._pool.connection() as connection:
            with translated(connection.cell):
                rows = await statement.fetch(connection)
        if not rows:
            return None
        first = rows[0]
        mark = Mark(until_version, first["at"], first["kind"], first["reservation_id"])
        sums = [
            MinuteSales(row["minute"], row["category"], row["held"], row["sold"], row["released"], row["revenue"])
            for row in rows
            if row["minute"] is not None
        ]
        return StretchOfLog(mark, first["chart_edits"], sums)
