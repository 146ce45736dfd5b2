"""Lets a process learn, without a restart, that an upgrade has been finished."""

from dataclasses import dataclass
from typing import Protocol

import structlog

from holdfast.application.features import Features
from holdfast.application.upkeep.rounds import go_round

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


class Upgrades(Protocol):
    """Reads that state."""

    async def read(self) -> SchemaState:
        """Read how far the database has been migrated.

        Raises:
            OperationalFailure: if the database does not answer.
        """


async def keep_learning(features: Features, upgrades: Upgrades) -> None:
    """Ask at intervals until cancelled, so that no node needs a restart. A schema of another version is logged."""
    logged: str | None = ""

    async def ask() -> None:
        nonlocal logged
        state = await upgrades.read()
        features.learn(state.finished)
        if state.schema not in (state.known, logged):
            event = "schema_is_newer" if (state.schema or "") > state.known else "schema_is_too_old"
            log.warning(event, schema=state.schema or "none", known=state.known)
        logged = state.schema

    await go_round(ask, name="features", round_seconds=ROUND_SECONDS)
