"""Fail points: places in a transaction, or before an audit, where a process of the fault suite can be made to fail.

Holdfast itself knows nothing about them. `chaos.site.node` replaces the transaction classes before it builds the
application as every other process does; `python -m holdfast` never imports this module.

A point is armed by a file of its name in the process's folder; the file contains the action. Whoever reaches the point
first removes the file, so each arming acts once.
"""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias, get_args
from uuid import UUID

import asyncpg

from holdfast.application.booking.ports import Closure
from holdfast.application.upkeep.ports import AuditedInvariant
from holdfast.domain.booking.snapshot import Changes, Snapshot
from holdfast.infrastructure.postgres.booking import batch_store
from holdfast.infrastructure.postgres.catalogue import catalogue_store
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.upkeep import auditor
from holdfast.server_urls.cells import Cell

Point: TypeAlias = Literal[
    "after_lock", "after_store", "before_commit", "after_commit", "before_catalogue_commit", "before_audit"
]
POINTS: tuple[Point, ...] = get_args(Point)
FOLDER_VARIABLE = "CHAOS_POINTS"
_ANY_CELL = Cell(0, "postgresql://")
"""A point does not know in which cell it was reached; it only counts for a metric."""


def arm(folder: Path, point: Point, action: str) -> None:
    """Have the process of this folder fail at the point, once.

    Args:
        folder: The process's folder.
        point: Where.
        action: `kill` (SIGKILL), `stop` (SIGSTOP), `sleep SECONDS`, `raise SQLSTATE`, or `fail`
            (an unexpected exception).
    """
    draft = folder / f".{point}"
    draft.write_text(action)
    draft.replace(folder / point)


def met(folder: Path, point: Point) -> bool:
    """Return whether the point has been reached since it was armed."""
    return not (folder / point).exists()


def disarm(folder: Path) -> None:
    """Disarm every point."""
    for point in POINTS:
        (folder / point).unlink(missing_ok=True)


def install(folder: Path) -> None:
    """Set up this process's fail points."""

    async def pass_point(point: Point) -> None:
        place = folder / point
        if not place.exists():
            return
        try:
            action, _, argument = place.read_text().partition(" ")
            place.unlink()
        except FileNotFoundError:
            return
        await _act(action, argument)

    class FailingBatch(batch_store.PostgresBatchTransaction):
        """A batch's transaction with fail points between its steps."""

        async def load(self, event_id: UUID, closure: Closure) -> tuple[Snapshot, datetime]:
            await pass_point("after_lock")
            return await super().load(event_id, closure)

        async def load_locked(self, closures: Mapping[UUID, Closure]) -> tuple[dict[UUID, Snapshot], datetime]:
            await pass_point("after_lock")
            return await super().load_locked(closures)

        async def store_together(self, batches: Sequence[Changes], now: datetime) -> None:
            await super().store_together(batches, now)  # `store` calls this too
            await pass_point("after_store")

        async def commit(self) -> None:
            await pass_point("before_commit")
            await super().commit()
            await pass_point("after_commit")

    class FailingCatalogue(catalogue_store.PostgresCatalogueTransaction):
        """A catalogue transaction with a fail point before its COMMIT."""

        async def commit(self) -> None:
            await pass_point("before_catalogue_commit")
            await super().commit()

    class FailingAuditor(auditor.PostgresAuditor):
        """An auditor with a fail point before each audit."""

        async def audit(self) -> list[AuditedInvariant] | None:
            await pass_point("before_audit")
            return await super().audit()

    auditor.PostgresAuditor = FailingAuditor  # type: ignore[misc]
    batch_store.PostgresBatchTransaction = FailingBatch  # type: ignore[misc]
    catalogue_store.PostgresCatalogueTransaction = FailingCatalogue  # type: ignore[misc]


async def _act(action: str, argument: str) -> None:
    match action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "sleep":
            await asyncio.sleep(float(argument))
        case "raise":
            with translated(_ANY_CELL):
                raise asyncpg.PostgresError.new({"C": argument, "M": "a fail point", "S": "ERROR"})
        case "fail":
            raise RuntimeError("a fail point")
        case _:
            raise ValueError(f"no such action: {action}")
