"""The readiness probes of one of several cells: it must also be the cell that it is taken for."""

import asyncio
from dataclasses import replace

from holdfast.application.failures import OperationalFailure
from holdfast.application.lifecycle.readiness import OK, Finding
from holdfast.infrastructure.postgres.cells.register import own_number_on
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.upkeep.readiness import PostgresReadiness

_SCHEMA_SECONDS_MAX = 1.5
"""Less than a probe may take: a cell that hangs must not look like one whose schema is wrong."""


class CellReadiness:
    """Probes a cell over a pool that nothing else uses."""

    def __init__(self, pool: Pool, number: int) -> None:
        """Take a pool of connections to the cell with this number."""
        self._pool = pool
        self._number = number
        self._database = PostgresReadiness(pool, number=number)

    async def server(self) -> Finding:
        """Check the server as `PostgresReadiness.server` does, and that it is the cell with this number.

        Raises:
            OperationalFailure: if it does not answer.
        """
        finding = await self._database.server()
        if finding.state == "failed":
            return finding
        own = await self._own_number()
        if own == self._number or (own is None and self._number == 0):
            return finding
        if own is None:
            return Finding("failed", f"It has not been added yet: run `holdfast cells add {self._number}`.")
        return Finding("failed", f"This is cell {own}: {self._database.named} leads to another cell's database.")

    async def schema(self) -> Finding:
        """Check the schema, unless this is not the cell or does not answer: `server` says so then."""
        try:
            async with asyncio.timeout(_SCHEMA_SECONDS_MAX):
                if self._number and await self._own_number() != self._number:
                    return OK
                finding = await self._database.schema()
        except (OperationalFailure, TimeoutError):
            return OK
        return replace(finding, detail=f"Cell {self._number}: {finding.detail}") if finding.detail else finding

    async def _own_number(self) -> int | None:
        async with self._pool.connection() as connection:
            with translated(connection.cell):
                return await own_number_on(connection)
