"""Opens an engine for each cell of a process, and finds the one that a request is for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from holdfast.api.event_bodies import event_list
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.placing import Placing
from holdfast.application.cells.cells import Cells, Member, started
from holdfast.application.cells.view import View
from holdfast.application.identifiers import CellIds
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.application.reading.event_pages import EventPages
from holdfast.application.reading.merged.lists import MergedReads
from holdfast.application.reading.merged.storefront import MergedStorefrontReads
from holdfast.application.reading.storefront.storefront import Storefront
from holdfast.application.reading.views import Views
from holdfast.application.upkeep.rounds import go_round
from holdfast.bootstrap.engine import Engine, Frame, open_engine, open_engine_of
from holdfast.bootstrap.process import open_pool
from holdfast.bootstrap.shared import open_shared
from holdfast.bootstrap.storefront import open_merged_storefront
from holdfast.domain.booking.refusals import ReservationNotFound
from holdfast.domain.catalogue.refusals import EventNotFound, SeatNotFound
from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints.routing import Capabilities, Routing
from holdfast.infrastructure.postgres.cells.register import PostgresRegister
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool_sizes import RIGHTS_CONNECTIONS
from holdfast.infrastructure.postgres.identity.reads import PostgresIdentityReads
from holdfast.settings import Settings

ROUND_SECONDS = 2.0
"""How soon a process learns that a cell was added or drained, and tries again one that has not answered yet."""


@dataclass(frozen=True, slots=True)
class CellOfNode:
    """What a process has of one cell."""

    engine: Engine
    identity_reads: PostgresIdentityReads
    """Owners of events and reservations, and the audit of acts on them."""
    by_type: Capabilities


class CellRouting:
    """`http.endpoints.routing.Routing` over the cells of a process."""

    misses: tuple[type[Refusal], ...] = (EventNotFound, SeatNotFound, ReservationNotFound)

    def __init__(self, cells: Cells[CellOfNode]) -> None:
        self._cells = cells
        self.kinds = frozenset(cells.home.by_type)

    def where(self, thing_id: UUID) -> Sequence[int]:
        """Return the numbers of the cells in which something can be."""
        return self._cells.where(thing_id)

    def at(self, number: int) -> Capabilities:
        """Return the capabilities of a cell."""
        return self._cells.at(number).by_type

    def started(self) -> float:
        """Return the present time."""
        return started()

    def missing(self, since: float) -> Sequence[int]:
        """Return the numbers of the cells that a list lacks."""
        return self._cells.missing(since)


@dataclass(frozen=True, slots=True)
class Node:
    """Everything that one process can do, with one cell or several."""

    engines: Sequence[Engine]
    by_type: Capabilities
    """The capabilities for requests that name nothing in particular. With several cells, their lists are merged."""
    routing: Routing | None = None
    """Finds the cell of a request; None if there is only one."""
    identity_reads: View[PostgresIdentityReads] | None = None

    @property
    def home(self) -> Engine:
        """The engine of cell 0."""
        return self.engines[0]

    def overflowing(self) -> list[bool]:
        """Return for each cell whether requests are refused because its queue is full."""
        return [engine.booking.batcher.overflowing for engine in self.engines]

    def end_streams(self) -> None:
        """End the streams of live changes."""
        for engine in self.engines:
            engine.views.live_changes.close()

    async def give_up(self) -> None:
        """Answer everyone who is waiting for a write."""
        await asyncio.gather(*(engine.give_up() for engine in self.engines))


@asynccontextmanager
async def open_node(
    settings: Settings, *, process: str, deadline: Deadline, processes_in_use: Callable[[], int]
) -> AsyncIterator[Node]:
    """Open an engine for each cell, and yield what finds the right one.

    A cell that does not answer is opened later; the process starts without it.
    """
    if settings.cells is None:
        async with open_engine(
            settings, process=process, deadline=deadline, processes_in_use=processes_in_use
        ) as engine:
            yield Node((engine,), engine.by_type())
        return
    places = settings.all_cells()
    frame = Frame(settings, process, deadline, processes_in_use, cells=len(places))
    async with AsyncExitStack() as stack:
        shared = open_shared(stack, settings)
        members: list[Member[CellOfNode]] = []
        for place in places:
            ids = CellIds(place.number)
            home = members[0].part.engine if members else None
            engine = await open_engine_of(stack, place, frame, shared, ids=ids, home=home)
            pool = await open_pool(stack, place, f"{process}-owners", RIGHTS_CONNECTIONS, Timeouts())
            part = CellOfNode(engine, PostgresIdentityReads(pool), engine.by_type())
            members.append(Member(place.number, part, PostgresRegister(pool), ids))
        cells = Cells(members)
        stack.callback(cells.close)
        await cells.look()
        looking = asyncio.create_task(go_round(cells.look, name="cells", round_seconds=ROUND_SECONDS))
        stack.callback(looking.cancel)
        yield Node(
            [member.part.engine for member in members],
            _everywhere(cells, frame),
            CellRouting(cells),
            View(cells, lambda part: part.identity_reads),
        )


def _everywhere(cells: Cells[CellOfNode], frame: Frame) -> Capabilities:
    """Return the capabilities for requests without an id: of cell 0, with the lists of all cells."""
    engine = cells.home.engine
    keys = View(cells, lambda part: part.engine.list_keys)
    reads = MergedReads(View(cells, lambda part: part.engine.views.reads), keys)
    pages = EventPages(reads, event_list, pause_seconds=frame.pause_seconds)
    storefront = open_merged_storefront(
        frame.settings,
        MergedStorefrontReads(View(cells, lambda part: part.engine.storefront.reads), keys),
        engine.views,
        pause_seconds=frame.pause_seconds,
    )
    return {
        **cells.home.by_type,
        Placing: Placing(engine.catalogue, _Catalogues(cells)),
        Views: replace(engine.views, reads=reads, event_pages=pages),
        Storefront: storefront,
    }


class _Catalogues:
    """`application.catalogue.placing.Cells`."""

    def __init__(self, cells: Cells[CellOfNode]) -> None:
        self._cells = cells

    def catalogues(self) -> Mapping[int, Catalogue | None]:
        return {
            number: None if part is None else part.engine.catalogue for number, part in self._cells.takers().items()
        }

    def promised(self, number: int) -> Catalogue | None:
        part = self._cells.promised(number)
        return None if part is None else part.engine.catalogue

    async def planned_seats(self) -> Mapping[int, int]:
        return await self._cells.planned_seats()
