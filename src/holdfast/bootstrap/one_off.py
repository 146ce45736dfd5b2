"""Commands that do one thing and end: checks, and a sample event."""

import asyncio
from datetime import UTC, datetime

from holdfast.application.catalogue.sample_event import add_sample_event
from holdfast.bootstrap.engine import open_engine
from holdfast.infrastructure.postgres.upkeep import invariants
from holdfast.infrastructure.postgres.upkeep.invariants import InvariantResult
from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings


def check_invariants(cell: Cell) -> list[InvariantResult]:
    """Check every promise against a cell (see `infrastructure.postgres.upkeep.invariants`)."""
    return asyncio.run(invariants.check_invariants(cell))


async def seed_sample_event(settings: Settings) -> None:
    """Create the sample event, unless the database has events."""
    async with open_engine(settings, process="seed") as engine:
        await add_sample_event(engine.catalogue, today=datetime.now(UTC))
