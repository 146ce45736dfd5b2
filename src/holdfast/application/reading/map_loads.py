"""Loads maps: one load per event at a time, several small ones per statement, and none waiting behind a larger one."""

import asyncio
from collections import deque
from contextvars import Context
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from holdfast.application.failures import ConnectionLost
from holdfast.application.reading.kept_maps import KeptMaps
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import SeatMapSource
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

SMALL_SEATS_MAX = 5_000
"""Loads of up to this size share a statement."""
TOGETHER_SEATS_MAX = 20_000
TOGETHER_EVENTS_MAX = 64
MEDIUM_SEATS_MAX = 100_000


@dataclass(eq=False, slots=True)
class Load:
    """A load that is waiting or under way. Everyone who wants it in the meantime shares it."""

    event_id: UUID
    seats: int
    """Roughly how many seats it will return."""
    lists: bool
    """Whether the seat list is wanted too."""
    grows: SeatMap | None
    """A map that lacks only the seats added at the end of its chart; None to load everything."""
    future: "asyncio.Future[SeatMap | None]"
    started: bool = False
    """Once it has started, it may be too old for those who ask later."""


@dataclass(slots=True)
class _Lane:
    """Loads of similar size, in the order they were requested."""

    seats_max: float
    workers_max: int
    large: bool
    """Whether it has a connection of its own and a longer time-out."""
    waiting: "deque[Load]" = field(default_factory=deque)
    workers: int = 0

    def take(self) -> list[Load]:
        """Take the next load, and those behind it that may share its statement."""
        taken = [self.waiting.popleft()]
        seats = taken[0].seats
        while not self.large and self.waiting and len(taken) < TOGETHER_EVENTS_MAX:
            seats += self.waiting[0].seats
            if seats > TOGETHER_SEATS_MAX:
                break
            taken.append(self.waiting.popleft())
        return taken


class MapLoads:
    """The loads of a process. A failure reaches only those who asked for that event."""

    def __init__(self, source: SeatMapSource, maps: KeptMaps) -> None:
        """Set up with nothing under way; `maps` receives what is loaded."""
        self._source = source
        self._maps = maps
        self._lanes = (
            _Lane(SMALL_SEATS_MAX, workers_max=2, large=False),
            _Lane(MEDIUM_SEATS_MAX, workers_max=1, large=True),
            _Lane(float("inf"), workers_max=1, large=True),
        )
        self._loads: dict[tuple[UUID, bool], Load] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def join(self, event_id: UUID, *, seats: int, lists: bool, grows: SeatMap | None = None) -> Load:
        """Request a load, or share one that is already waiting. Await its `future` behind a shield."""
        load = self._loads.get((event_id, lists))
        if load is None:
            load = Load(event_id, seats, lists, grows, asyncio.get_running_loop().create_future())
            self._loads[event_id, lists] = load
            lane = next(lane for lane in self._lanes if seats <= lane.seats_max)
            lane.waiting.append(load)
            if lane.workers < lane.workers_max:
                lane.workers += 1
                # The task serves everyone who asks, so it must not log under one caller's request id.
                task = asyncio.create_task(self._work(lane), context=Context())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return load

    async def _work(self, lane: _Lane) -> None:
        try:
            while lane.waiting:
                await self._serve(lane.take(), large=lane.large)
        finally:
            lane.workers -= 1

    async def _serve(self, taken: list[Load], *, large: bool) -> None:
        for load in taken:
            load.started = True
        try:
            await self._run([load for load in taken if load.grows is None], large=large)
            for load in taken:
                if load.grows is not None:
                    await self._grow(load, load.grows, large=large)
        except Exception as failure:
            log.exception("maps_not_loaded")
            for load in taken:
                if not load.future.done():
                    self._fail(load, failure)

    async def _run(self, loads: list[Load], *, large: bool) -> None:
        """Load together. If that fails, load each map by itself, so that only the one at fault fails."""
        if not loads:
            return
        try:
            maps = await self._source.load([(load.event_id, load.lists) for load in loads], large=large)
        except Exception as failure:  # noqa: BLE001 - any failure is passed on to those who asked
            if len(loads) == 1 or isinstance(failure, ConnectionLost):
                for load in loads:
                    self._fail(load, failure)
                return
            log.warning("maps_loaded_singly", events=len(loads), error=repr(failure))
            for load in loads:
                await self._run([load], large=large)
            return
        for load, seat_map in zip(loads, maps, strict=True):
            metrics.seat_maps_loaded_total.inc()
            self._end(load, seat_map)

    async def _grow(self, load: Load, seat_map: SeatMap, *, large: bool) -> None:
        """Read only the seats that a map lacks."""
        after_seats, mark = seat_map.seats, seat_map.mark
        try:
            added = await self._source.added_seats(
                load.event_id, after_seats=after_seats, lists=seat_map.list is not None, large=large
            )
            if added is not None and seat_map.seats == after_seats and added.until.version > mark.version:
                if seat_map.list is not None:
                    seat_map.list.insert(added.heads, added.positions)
                seat_map.grow(added.ids, added.until)
        except Exception as failure:  # noqa: BLE001 - any failure is passed on to those who asked
            self._maps.drop(load.event_id)
            self._fail(load, failure)
            return
        self._end(load, None if added is None else seat_map)

    def _end(self, load: Load, seat_map: SeatMap | None) -> None:
        self._loads.pop((load.event_id, load.lists), None)
        if seat_map is not None and (load.grows is None or self._maps.get(load.event_id) is seat_map):
            self._maps.keep(seat_map)
        load.future.set_result(seat_map)

    def _fail(self, load: Load, failure: Exception) -> None:
        self._loads.pop((load.event_id, load.lists), None)
        load.future.set_exception(failure)
        load.future.exception()  # marks it as retrieved: those who asked may have gone
