"""The operator of a recorded run, who ends the sale, archives the event and restores it while clients go on."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from chaos.histories.history import NO_VERSION, Recorder
from holdfast.application.booking.expire import expire_overdue
from holdfast.application.booking.resolve import submit
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.application.reports.ports import Filter
from holdfast.application.reports.reservations import list_reservations
from holdfast.application.upkeep.archive.archive_event import archive_event
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.read_back import restore_event
from holdfast.bootstrap.engine import Engine
from holdfast.domain.booking.commands import Release
from holdfast.domain.booking.states import ReservationStatus
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.principal import open_principal
from holdfast.domain.refusal import Refusal
from holdfast.infrastructure.archive_files.folder import FolderTarget
from holdfast.infrastructure.postgres.archive.removal import PostgresRemoval
from holdfast.infrastructure.postgres.archive.returning import PostgresReturn
from holdfast.infrastructure.postgres.archive.session import ArchiveSession
from holdfast.server_urls.cells import Cell

OPERATOR = 1_000_000
"""The number of the operator among the clients."""
_ACTOR = Actor(principal=open_principal("operator"), request_id="run")


@dataclass(slots=True)
class Operator:
    """Archives an event, and restores it."""

    engine: Engine
    recorder: Recorder
    event: UUID
    database_url: str
    folder: Path

    async def put_away_and_bring_back(self, *, times: int = 2, seconds: float = 0.1) -> None:
        """Let the event be over, and its log be away for a while, several times."""
        await self._end()
        session = ArchiveSession(Cell(0, self.database_url))
        try:
            for _ in range(times):
                await self._archive(PostgresRemoval(session))
                await asyncio.sleep(seconds)
                await self._restore(PostgresReturn(session))
                await asyncio.sleep(seconds)
        finally:
            await session.close()

    async def _end(self) -> None:
        """Move the event into the past, and release what is still held."""
        event = await self.engine.catalogue.reads.event(self.event)
        assert event is not None
        over = datetime.now(UTC) - timedelta(seconds=2)
        details = replace(event.details, start_at=over, end_at=over)
        await edit_event(self.engine.catalogue, self.event, details, actor=_ACTOR)
        held = Filter(status=ReservationStatus.PENDING)
        while found := (await list_reservations(self.engine.reports, self.event, held, after=None, limit=100))[1]:
            for one in found:
                reservation = one.reservation
                number = self.recorder.call(
                    OPERATOR, "release", str(self.event), user=reservation.user_id, reservation=str(reservation.id)
                )
                try:
                    done = await submit(self.engine.booking, self.event, Release(reservation.id))
                except Refusal as refusal:  # its buyer was faster
                    self.recorder.complete(number, "fail", refusal.code, version=refusal.version or NO_VERSION)
                else:
                    self.recorder.complete(number, "ok", "done", version=done.version, reservation=str(reservation.id))

    async def _archive(self, removal: PostgresRemoval) -> None:
        while True:
            number = self.recorder.call(OPERATOR, "archive", str(self.event))
            archived = await archive_event(removal, FolderTarget(self.folder), self.event, Pace(share=1))
            if archived is not None:
                self.recorder.complete(number, "ok", "archived", version=archived.export.version)
                return
            # A channel is due to open, or somebody has just changed something.
            self.recorder.complete(number, "fail", "none")
            await expire_overdue(self.engine.booking.batcher, self.event)

    async def _restore(self, books: PostgresReturn) -> None:
        number = self.recorder.call(OPERATOR, "restore", str(self.event))
        entry = await restore_event(books, FolderTarget(self.folder), self.event, Pace(share=1))
        self.recorder.complete(number, "ok", "restored", version=entry.version)
