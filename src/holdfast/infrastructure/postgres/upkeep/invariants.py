"""The promises, as SQL that returns rows only if one is broken."""

from dataclasses import dataclass
from typing import Any

from holdfast.infrastructure.postgres.driver.poolers import connect_with
from holdfast.infrastructure.postgres.driver.queries import load_queries
from holdfast.server_urls.cells import Cell

ROWS_MAX = 20
"""Rows shown for one broken promise."""


@dataclass(frozen=True, slots=True)
class InvariantResult:
    """One promise, and the rows that break it."""

    name: str
    promise: str
    violations: list[dict[str, Any]]
    """At most `ROWS_MAX` of them."""

    @property
    def holds(self) -> bool:
        """Whether no row breaks it."""
        return not self.violations


async def check_invariants(where: Cell | str) -> list[InvariantResult]:
    """Check every promise in one snapshot of a cell.

    Raises:
        OSError, asyncpg.PostgresError: if the database cannot be asked.
    """
    cell = Cell.of(where)
    connection = await connect_with(cell, {"jit": "off", **cell.search_path}, timeout=5)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return [
                InvariantResult(
                    query.name,
                    query.purpose,
                    [dict(row) for row in await connection.fetch(f"{query.sql} LIMIT {ROWS_MAX}")],
                )
                for query in load_queries("upkeep/invariants").values()
            ]
    finally:
        await connection.close()
