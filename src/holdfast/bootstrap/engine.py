"""Turns settings into pools, the gate, and the capabilities of one process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from holdfast.api.event_bodies import event_list
from holdfast.api.seats.seat_json import seat_tail, seat_tail_for_strangers
from holdfast.application.booking.access_codes import AccessCodes
from holdfast.application.booking.batching.batcher import Batcher
from holdfast.application.booking.batching.bounds import LOCK_WAITS_AT_ONCE
from holdfast.application.booking.booking import Booking
from holdfast.application.booking.expire import expire_overdue
from holdfast.application.booking.hoarding import Hoarding, LetGoHolds
from holdfast.application.booking.ports import CommitListener
from holdfast.application.booking.reservation_directory import ReservationDirectory
from holdfast.application.booking.seatings.seatings import Seatings
from holdfast.application.booking.shared_read import SharedRead
from holdfast.application.booking.taken_seats import TakenSeats
from holdfast.application.catalogue.bulk_line import BulkLine
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.placing import Placing
from holdfast.application.identifiers import CellIds
from holdfast.application.identity.signing_in.tries import SignInTries
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.application.reading.event_pages import EventPages
from holdfast.application.reading.kept_charts import KeptCharts
from holdfast.application.reading.kept_layouts import KeptLayouts
from holdfast.application.reading.large_lists import LargeLists
from holdfast.application.reading.live_changes import LiveChanges
from holdfast.application.reading.merged.keys import ListKeys
from holdfast.application.reading.seat_maps import PAUSE_SECONDS, SeatMaps
from holdfast.application.reading.storefront.storefront import Storefront
from holdfast.application.reading.views import Views
from holdfast.application.reports.reports import Reports
from holdfast.application.tickets.tickets import Tickets
from holdfast.bootstrap.process import bounds_from, home_cell, open_features, open_pool
from holdfast.bootstrap.reports import open_reports
from holdfast.bootstrap.shared import Shared, open_shared
from holdfast.bootstrap.storefront import open_storefront
from holdfast.bootstrap.tickets import build_tickets, tickets_of_cell
from holdfast.infrastructure.postgres.booking.batch_store import PostgresBatchStore
from holdfast.infrastructure.postgres.booking.seating_source import PostgresSeatingSource
from holdfast.infrastructure.postgres.catalogue.catalogue_store import PostgresCatalogueStore
from holdfast.infrastructure.postgres.catalogue.seat_search import PostgresSeatSearch
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool_sizes import LARGE_CONNECTIONS
from holdfast.infrastructure.postgres.reading.channels import PostgresChannelReads
from holdfast.infrastructure.postgres.reading.layouts import PostgresLayouts
from holdfast.infrastructure.postgres.reading.list_keys import PostgresListKeys
from holdfast.infrastructure.postgres.reading.reads import PostgresReads
from holdfast.infrastructure.postgres.reading.seat_map_source import PostgresSeatMapSource
from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings
from holdfast.telemetry import metrics
from holdfast.telemetry.sampling import watch_sum

PAUSE_SEVERAL_SECONDS = 0.003
"""The pause for each process of a node that has several. Under mixed load, two processes took 1.6 times the CPU of one
per request with pauses of 1 ms, and 1.3 to 1.5 times with 6 ms (docs/performance.md)."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that one process can do with the events of one cell, one field per capability."""

    booking: Booking
    catalogue: Catalogue
    views: Views
    reports: Reports
    tickets: Tickets
    storefront: Storefront
    list_keys: ListKeys
    """Finds pages of the lists of all cells."""
    sign_in_tries: SignInTries
    """It is here because it shares the gate's Redis. All engines of a process have the same."""

    def by_type(self) -> dict[type, object]:
        """Return the capabilities by type. The API's operations name the one they need by its type."""
        capabilities = (self.booking, self.catalogue, self.views, self.reports, self.tickets, self.storefront)
        return {Placing: Placing(self.catalogue), **{type(capability): capability for capability in capabilities}}

    async def give_up(self) -> None:
        """Answer everyone who is waiting for a write."""
        self.catalogue.give_up()
        await self.booking.batcher.close(seconds_max=0)


@asynccontextmanager
async def open_engine(
    settings: Settings,
    *,
    process: str = "api",
    deadline: Deadline | None = None,
    processes_in_use: Callable[[], int] = lambda: 1,
) -> AsyncIterator[Engine]:
    """Open the pools and the gate, and build every capability of this process for the events of cell 0.

    On leaving, whatever is under way is finished as far as the deadline allows.

    Args:
        settings: The sizes of everything, and the addresses of the databases.
        process: The name of this process's connections in PostgreSQL.
        deadline: When the process must have ended.
        processes_in_use: Returns how many processes of this node have connections.
    """
    frame = Frame(settings, process, deadline or Deadline(settings.shutdown_seconds), processes_in_use)
    async with AsyncExitStack() as stack:
        shared = open_shared(stack, settings)
        yield await open_engine_of(stack, home_cell(settings), frame, shared, ids=CellIds())


@dataclass(frozen=True, slots=True)
class Frame:
    """What all engines of a process are opened with."""

    settings: Settings
    process: str
    deadline: Deadline
    processes_in_use: Callable[[], int]
    cells: int = 1
    """How many engines there are; they share the memory for seat maps."""

    def pause_seconds(self) -> float:
        """Return the pause between shared reads."""
        return reading_pause_seconds(self.processes_in_use())


async def open_engine_of(
    stack: AsyncExitStack, cell: Cell, frame: Frame, shared: Shared, *, ids: CellIds, home: Engine | None = None
) -> Engine:
    """Open the pools of a cell until the stack closes, and build every capability for its events.

    Args:
        stack: Closes what is opened here; first it finishes whatever is under way, as far as the deadline allows.
        cell: Where its database is.
        frame: What all engines of the process have in common.
        shared: What they share.
        ids: Makes the ids of this cell.
        home: The engine of cell 0, which has the keys of tickets; None if this is the one.
    """
    settings, process, timeouts = frame.settings, frame.process, Timeouts()
    write_size = settings.write_pool_size + LOCK_WAITS_AT_ONCE
    write_pool = await open_pool(stack, cell, f"{process}-write", write_size, timeouts)
    read_pool = await open_pool(stack, cell, f"{process}-read", settings.read_pool_size, timeouts)
    catalogue_pool = await open_pool(stack, cell, f"{process}-catalogue", settings.catalogue_pool_size, timeouts)
    large_timeouts = replace(timeouts, statement_seconds=timeouts.bulk_statement_seconds)
    large_pool = await open_pool(stack, cell, f"{process}-large", LARGE_CONNECTIONS, large_timeouts)
    store = PostgresBatchStore(write_pool, read_pool)
    taken_seats = TakenSeats(memory_seconds=settings.gate_memory_seconds)
    tail = seat_tail if settings.is_open else seat_tail_for_strangers
    map_source = PostgresSeatMapSource(read_pool, large_pool, tail)
    seat_maps = SeatMaps(
        map_source,
        bytes_max=settings.seat_maps_mib_max * 1024 * 1024 // frame.cells,
        expire=lambda event_id: expire_overdue(batcher, event_id),
        pause_seconds=frame.pause_seconds,
    )
    seatings = Seatings(PostgresSeatingSource(read_pool, large_pool))
    listeners: list[CommitListener] = [taken_seats, seat_maps, seatings]
    if shared.limits is not None:
        listeners.append(LetGoHolds(shared.limits))
    batcher = Batcher(store, bounds_from(settings), listeners=listeners, seatings=seatings)
    # If there are several connections, bulk calls leave one to the other changes.
    bulk_line = BulkLine(at_once=max(1, settings.catalogue_pool_size - 1))
    reads = PostgresReads(read_pool)
    catalogue = Catalogue(
        PostgresCatalogueStore(catalogue_pool, timeouts), reads, PostgresSeatSearch(catalogue_pool), bulk_line, ids
    )
    stack.push_async_callback(_close_writers, batcher, catalogue, frame.deadline)
    stack.callback(watch_sum(metrics.queue_commands, lambda: batcher.waiting))
    stack.callback(watch_sum(metrics.seat_maps_bytes, lambda: seat_maps.size_bytes))
    live_changes = LiveChanges(seat_maps, map_source)
    stack.callback(live_changes.close)
    shared_read = SharedRead(store)
    access_codes = AccessCodes(store, shared.code_tries, shared_read)
    booking = Booking(
        batcher=batcher,
        gate=shared.gate,
        taken_seats=taken_seats,
        shared_read=shared_read,
        directory=ReservationDirectory(store),
        seatings=seatings,
        features=open_features(stack, cell, read_pool),
        access_codes=access_codes,
        ids=ids,
        hoarding=None if shared.limits is None else Hoarding(shared.limits, shared_read),
    )
    layouts = KeptLayouts(PostgresLayouts(read_pool, large_pool), map_source)
    views = Views(
        reads=reads,
        event_pages=EventPages(reads, event_list, pause_seconds=frame.pause_seconds),
        seat_maps=seat_maps,
        live_changes=live_changes,
        large_lists=LargeLists(map_source, tail),
        charts=map_source,
        kept_charts=KeptCharts(map_source),
        kept_layouts=layouts,
        halls=reads.halls,
        channels=PostgresChannelReads(read_pool),
        access_codes=access_codes,
    )
    reports = open_reports(read_pool, large_pool)
    tickets = build_tickets(read_pool, catalogue_pool) if home is None else tickets_of_cell(home.tickets, read_pool)
    storefront = open_storefront(settings, read_pool, seat_maps, layouts, pause_seconds=frame.pause_seconds)
    list_keys = PostgresListKeys(read_pool)
    return Engine(booking, catalogue, views, reports, tickets, storefront, list_keys, shared.sign_in_tries)


def reading_pause_seconds(processes: int) -> float:
    """Return the minimum time between the starts of two shared queries of one process.

    With several processes, each sees only some of the readers. Fewer readers then share a query, and together the
    processes ask PostgreSQL more often for the same results. With longer pauses, a node asks about as often as a
    single process would.
    """
    return PAUSE_SECONDS if processes <= 1 else PAUSE_SEVERAL_SECONDS * processes


async def _close_writers(batcher: Batcher, catalogue: Catalogue, deadline: Deadline) -> None:
    """Finish all writes under way, within the same time limit."""
    seconds_max = deadline.left(for_others=1.0)
    await asyncio.gather(batcher.close(seconds_max=seconds_max), catalogue.close(seconds_max=seconds_max))
