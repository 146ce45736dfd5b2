"""Lets a process learn, without a restart, that an upgrade has been finished."""

from dataclasses import dataclass
from typing import Protocol

import structlog

from holdfast.application.features import Features
from holdfast.application.upkeep.rounds import go_round
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

ROUND_SECONDS = 2.0
"""How soon a node learns that an upgrade is finished. Nodes do not learn it at the same moment."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How far the database has been migrated. Each field names a migration."""

    schema: str | None
    """The newest migration of the schema; None if there is none."""
    known: str
    """The newest migration that this version knows."""
    finished: str | None
    """The migration up to which no older node is left; None if the schema is too old to say."""
    cell: int | None = None
    """Which cell the database says that it is; None if it was never told."""


class Upgrades(Protocol):
    """Reads that state."""

    async def read(self) -> SchemaState:
        """Read how far the database has been migrated.

        Raises:
            OperationalFailure: if the database does not answer.
        """


async def keep_learning(features: Features, upgrades: Upgrades, *, cell: str = "0") -> None:
    """Ask a cell at intervals until cancelled, so that no node needs a restart. A schema of another version is logged.

    A cell that does not answer, or whose database is another cell's, counts as away, for the metric that says so:
    nothing else asks each cell all the time.
    """
    logged: str | None = ""
    away = metrics.cell_away.labels(cell)

    async def ask() -> None:
        nonlocal logged
        try:
            state = await upgrades.read()
        except BaseException:
            away.set(1)
            raise
        away.set(0 if state.cell == int(cell) or (state.cell is None and cell == "0") else 1)
        features.learn(state.finished)
        if state.schema not in (state.known, logged):
            event = "schema_is_newer" if (state.schema or "") > state.known else "schema_is_too_old"
            log.warning(event, schema=state.schema or "none", known=state.known)
        logged = state.schema

    await go_round(ask, name="features", round_seconds=ROUND_SECONDS, cell=cell)
