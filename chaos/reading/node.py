"""A node's read side, built from the real modules and called through the real handlers of the HTTP API."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, cast
from uuid import UUID

from chaos.reading.database import SimulatedDatabase
from chaos.reading.epochs import Entry, SimulatedEvent
from chaos.reading.source import Pace, SimulatedSource, mark_at
from holdfast.api import events
from holdfast.api.event_bodies import event_list
from holdfast.api.seats import availability
from holdfast.api.seats import reads as seats
from holdfast.api.seats.seat_json import seat_tail
from holdfast.application.failures import ConnectionLost, OperationalFailure, Unavailable
from holdfast.application.identity.caller import Caller
from holdfast.application.identity.owner_directory import OwnerDirectory
from holdfast.application.reading.event_pages import EventPages
from holdfast.application.reading.kept_charts import KeptCharts
from holdfast.application.reading.kept_layouts import KeptLayouts
from holdfast.application.reading.large_lists import LargeLists
from holdfast.application.reading.live_changes import LiveChanges
from holdfast.application.reading.ports import AccessCodes, ChannelReads, HallReads, Layouts, Reads
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.application.reading.views import Views
from holdfast.domain.booking.snapshot import ChangeKind, Changes, EventState, LogEntry
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.domain.identity.principal import open_principal
from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.call import Call

HANDLERS: Mapping[str, tuple[ModuleType, str, str, Mapping[str, str]]] = {
    "list": (seats, "find_all", "", {}),
    "free": (seats, "find_all", "available=true", {}),
    "count": (seats, "count_available", "", {}),
    "bits": (availability, "availability", "", {"accept": "application/octet-stream"}),
    "availability": (availability, "availability", "", {}),
    "chart": (availability, "seat_map", "", {}),
    "page": (events, "find_all", "limit=3", {}),
    "stream": (availability, "changes", "", {}),
}
"""The requests of readers: handler, query and headers."""


class Node:
    """One process of several on the same database."""

    def __init__(
        self, database: SimulatedDatabase, pace: Pace, *, write_pace: Pace | None = None, bytes_max: int
    ) -> None:
        source = SimulatedSource(database, pace)
        maps = SeatMaps(source, bytes_max=bytes_max, expire=self._expire)
        self.views = Views(
            reads=cast("Reads", source),
            charts=source,
            seat_maps=maps,
            event_pages=EventPages(cast("Reads", source), event_list),
            kept_charts=KeptCharts(source),
            kept_layouts=KeptLayouts(cast("Layouts", source), source),
            halls=cast("HallReads", source),
            channels=cast("ChannelReads", source),
            access_codes=cast("AccessCodes", source),
            large_lists=LargeLists(source, seat_tail),
            live_changes=LiveChanges(maps, source),
        )
        self._database = database
        self._pace = write_pace or pace
        self._turns: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, what: str, event_id: UUID | None, headers: Mapping[str, str]) -> Answer:
        """Answer a request as a node does.

        Raises:
            Exception: whatever would be a 500.
        """
        module, name, query, more = HANDLERS[what]
        handler: Callable[[Any, Call], Awaitable[Answer]] = getattr(module, name)
        scope = {
            "path": "/",
            "path_params": {"event_id": str(event_id)},
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in {**more, **headers}.items()],
        }
        call = Call(scope, _no_body, 0)
        # These reads ask only what the caller may see, never who something belongs to.
        call.caller = Caller(open_principal("reader"), cast("OwnerDirectory", None))
        try:
            return await handler(self.views, call)
        except EventNotFound:
            return Answer(404)
        except EventArchived:
            return Answer(410)
        except (OperationalFailure, Unavailable):
            return Answer(503)

    async def write(self, event: SimulatedEvent, decide: Callable[[], Sequence[Entry]]) -> None:
        """Store a batch of one event, and notify this node's read side once its COMMIT was answered."""
        async with self._turns[event.id]:
            await self._pace.ask([event.id])
            if self._database.events.get(event.id) is not event or event.deleted or event.archived:
                return
            loaded = mark_at(event, event.version)
            with self._database.batch():
                entries = decide()
            if not entries:
                return
            losses = len(self._database.losses)
            await self._pace.answer([event.id])
            if len(self._database.losses) > losses:
                # A replaced primary answers nobody, so whether the batch still exists is unknown.
                raise ConnectionLost("simulated")
            last = entries[-1]
            state = EventState(event.id, last.version, last.at, event.deleted, 0, 0, 0, 0, 0)
            told = [
                LogEntry(one.version, ChangeKind(one.kind), one.reservation, one.seats, one.freed, one.kept)
                for one in entries
            ]
            changes = Changes(last.at, state, loaded.version, loaded, log=told)
            self.views.seat_maps.committed(event.id, changes)

    async def _expire(self, event_id: UUID) -> None:
        event = self._database.events.get(event_id)
        if event is not None:
            try:
                await self.write(event, lambda: self._database.end_overdue(event))
            except OperationalFailure as failure:
                raise Unavailable("The database is away.", outcome="unknown") from failure


async def _no_body() -> Any:  # noqa: ANN401 - as ASGI has it
    raise AssertionError("a read has no body")
