"""How a process learns, without a restart, that an upgrade is finished."""

from dataclasses import dataclass
from typing import Protocol

import structlog

from holdfast.application.features import Features
from holdfast.application.upkeep.rounds import go_round

log = structlog.get_logger(__name__)

ROUND_SECONDS = 2.0
"""How soon a node learns that an upgrade is finished; the nodes learn it one after the other."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How far the database is, in names of migrations."""

    schema: str | None
    """The newest one that it has; None without any."""
    known: str
    """The newest one that this version knows."""
    finished: str | None
    """Up to which no older node is left; None where the schema is too old to say."""


class Upgrades(Protocol):
    """Where a node reads that."""

    async def read(self) -> SchemaState:
        """Read how far the database is.

        Raises:
            OperationalFailure: It does not answer.
        """


async def keep_learning(features: Features, upgrades: Upgrades) -> None:
    """Ask again and again until cancelled, so that no node needs a restart. A schema of another version is logged."""
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
