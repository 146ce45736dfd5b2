"""Archives an event as the worker does, over or not, and restores it; its file is in a folder of this test run."""

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

from holdfast.application.upkeep.archive.archive_event import archive_event
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.read_back import restore_event
from holdfast.infrastructure.archive_files.folder import FolderTarget
from holdfast.infrastructure.postgres.archive.removal import PostgresRemoval
from holdfast.infrastructure.postgres.archive.returning import PostgresReturn
from holdfast.infrastructure.postgres.archive.session import ArchiveSession
from holdfast.server_urls.cells import Cell


@dataclass(frozen=True)
class Archived:
    """An event whose rows are in a file."""

    database_url: str
    event_id: UUID

    async def restore(self) -> None:
        """Bring the rows back."""
        async with _session(self.database_url) as session:
            await restore_event(PostgresReturn(session), _target(), self.event_id, Pace(share=1))


async def archive(database_url: str, event_id: UUID | str) -> Archived:
    """Archive an event, which must have no holds."""
    event_id = UUID(str(event_id))
    async with _session(database_url) as session:
        assert await archive_event(PostgresRemoval(session), _target(), event_id, Pace(share=1)), "something is pending"
    return Archived(database_url, event_id)


@asynccontextmanager
async def _session(database_url: str) -> AsyncIterator[ArchiveSession]:
    session = ArchiveSession(Cell(0, database_url))
    try:
        yield session
    finally:
        await session.close()


@cache
def _target() -> FolderTarget:
    folder = tempfile.mkdtemp(prefix="holdfast-archive-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return FolderTarget(Path(folder))
