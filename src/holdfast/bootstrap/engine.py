"""Turns settings into pools, the gate, and the capabilities of one process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from holdfast.api.event_bodies import event_list
from holdfast.api.seats.seat_json import seat_tail, seat_tail_for_strangers
from holdfast.application.booking.access_codes import AccessCodes, LocalCodeTries
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
from holdfast.application.identifiers import CellIds
from holdfast.application.identity.signing_in.tries import LocalSignInTries, SignInTries
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.application.reading.event_pages import EventPages
from holdfast.application.reading.kept_charts import KeptCharts
from holdfast.application.reading.kept_layouts import KeptLayouts
from holdfast.application.reading.large_lists import LargeLists
from holdfast.application.reading.live_changes import LiveChanges
from holdfast.application.reading.seat_maps import PAUSE_SECONDS, SeatMaps
from holdfast.application.reading.storefront.storefront import Storefront
from holdfast.application.reading.views import Views
from holdfast.application.reports.reports import Reports
from holdfast.application.tickets.tickets import Tickets
from holdfast.bootstrap.hoarding import open_hold_limits
from holdfast.bootstrap.process import bounds_from, home_cell, open_features, open_pool
from holdfast.bootstrap.reports import open_reports
from holdfast.bootstrap.storefront import open_storefront
from holdfast.bootstrap.tickets import build_tickets
from holdfast.infrastructure.postgres.booking.batch_store import PostgresBatchStore
from holdfast.infrastructure.postgres.booking.seating_source import PostgresSeatingSource
from holdfast.infrastructure.postgres.catalogue.catalogue_store import PostgresCatalogueStore
from holdfast.infrastructure.postgres.catalogue.seat_search import PostgresSeatSearch
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool_sizes import LARGE_CONNECTIONS
from holdfast.infrastructure.postgres.reading.channels import PostgresChannelReads
from holdfast.infrastructure.postgres.reading.layouts import PostgresLayouts
from holdfast.infrastructure.postgres.reading.reads import PostgresReads
from holdfast.infrastructure.postgres.reading.seat_map_source import PostgresSeatMapSource
from holdfast.infrastructure.redis.code_tries import RedisCodeTries
from holdfast.infrastructure.redis.connections import open_redis
from holdfast.infrastructure.redis.gate import RedisGate
from holdfast.infrastructure.redis.open_gate import OpenGate
from holdfast.infrastructure.redis.sign_in_tries import RedisSignInTries
from holdfast.settings import Settings

PAUSE_SEVERAL_SECONDS = 0.003
"""The pause for each process of a node that has several. Under mixed load, two processes took 1.6 times the CPU of one
per request with pauses of 1 ms, and 1.3 to 1.5 times with 6 ms (docs/performance.md)."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that one process can do, one field per capability."""

    booking: Booking
    catalogue: Catalogue
    views: Views
    reports: Reports
    tickets: Tickets
    storefront: Storefront
    sign_in_tries: SignInTries
    """It is here because it shares the gate's Redis."""

    def by_type(self) -> dict[type, object]:
        """Return the capabilities by type. The API's operations name the one they need by its type."""
        capabilities = (self.booking, self.catalogue, self.views, self.reports, self.tickets, self.storefront)
        return {type(capability): capability for capability in capabilities}

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
    """Open the pools and the gate, and build every capability of this process.

    On leaving, whatever is under way is finished as far as the deadline allows.

    Args:
        settings: The sizes of everything, and the addresses of the databases.
        process: The name of this process's connections in PostgreSQL.
        deadline: When the process must have ended.
        processes_in_use: Returns how many processes of this node have connections.
    """

    def pause_seconds() -> float:
        return reading_pause_seconds(processes_in_use())

    deadline = deadline or Deadline(settings.shutdown_seconds)
    timeouts = Timeouts()
    bounds = bounds_from(settings)
    cell = home_cell(settings)
    ids = CellIds()
    async with AsyncExitStack() as stack:
        write_size = settings.write_pool_size + LOCK_WAITS_AT_ONCE
        write_pool = await open_pool(stack, cell, f"{process}-write", write_size, timeouts)
        read_pool = await open_pool(stack, cell, f"{process}-read", settings.read_pool_size, timeouts)
        catalogue_pool = await open_pool(stack, cell, f"{process}-catalogue", settings.catalogue_pool_size, timeouts)
        gate = _gate(settings)
        stack.push_async_callback(gate.close)
        limits = open_hold_limits(stack, settings, gate.redis, gate.breaker) if isinstance(gate, RedisGate) else None
        store = PostgresBatchStore(write_pool, read_pool)
        taken_seats = TakenSeats(memory_seconds=settings.gate_memory_seconds)
        large_pool = await open_pool(
            stack,
            cell,
            f"{process}-large",
            LARGE_CONNECTIONS,
            replace(timeouts, statement_seconds=timeouts.bulk_statement_seconds),
        )
        tail = seat_tail if settings.is_open else seat_tail_for_strangers
        map_source = PostgresSeatMapSource(read_pool, large_pool, tail)
        seat_maps = SeatMaps(
            map_source,
            bytes_max=settings.seat_maps_mib_max * 1024 * 1024,
            expire=lambda event_id: expire_overdue(batcher, event_id),
            pause_seconds=pause_seconds,
        )
        seatings = Seatings(PostgresSeatingSource(read_pool, large_pool))
        listeners: list[CommitListener] = [taken_seats, seat_maps, seatings]
        if limits is not None:
            listeners.append(LetGoHolds(limits))
        batcher = Batcher(store, bounds, listeners=listeners, seatings=seatings)
        # If there are several connections, bulk calls leave one to the other changes.
        bulk_line = BulkLine(at_once=max(1, settings.catalogue_pool_size - 1))
        reads = PostgresReads(read_pool)
        catalogue = Catalogue(
            PostgresCatalogueStore(catalogue_pool, timeouts), reads, PostgresSeatSearch(catalogue_pool), bulk_line, ids
        )
        stack.push_async_callback(_close_writers, batcher, catalogue, deadline)
        live_changes = LiveChanges(seat_maps, map_source)
        stack.callback(live_changes.close)
        shared_read = SharedRead(store)
        local_tries = LocalCodeTries()
        tries = RedisCodeTries(gate.redis, gate.breaker, local_tries) if isinstance(gate, RedisGate) else local_tries
        access_codes = AccessCodes(store, tries, shared_read)
        booking = Booking(
            batcher=batcher,
            gate=gate,
            taken_seats=taken_seats,
            shared_read=shared_read,
            directory=ReservationDirectory(store),
            seatings=seatings,
            features=open_features(stack, cell, read_pool),
            access_codes=access_codes,
            ids=ids,
            hoarding=None if limits is None else Hoarding(limits, shared_read),
        )
        layouts = KeptLayouts(PostgresLayouts(read_pool, large_pool), map_source)
        views = Views(
            reads=reads,
            event_pages=EventPages(reads, event_list, pause_seconds=pause_seconds),
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
        reports, tickets = open_reports(read_pool, large_pool), build_tickets(read_pool, catalogue_pool)
        storefront = open_storefront(settings, read_pool, seat_maps, layouts, pause_seconds=pause_seconds)
        local_sign_ins = LocalSignInTries()
        sign_in_tries: SignInTries = local_sign_ins
        if isinstance(gate, RedisGate):
            sign_in_tries = RedisSignInTries(gate.redis, gate.breaker, local_sign_ins)
        yield Engine(booking, catalogue, views, reports, tickets, storefront, sign_in_tries)


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


def _gate(settings: Settings) -> RedisGate | OpenGate:
    if settings.redis_url is None:
        return OpenGate()
    redis = open_redis(settings.redis_url.get_secret_value(), call_seconds_max=settings.redis_call_seconds)
    return RedisGate(redis, lock_seconds=settings.lock_seconds, call_seconds_max=settings.redis_call_seconds)
