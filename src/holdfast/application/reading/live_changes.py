"""Streams of an event's changes: one frame a tick, made once and shared by all who listen."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import Context
from uuid import UUID

import structlog

from holdfast.application.failures import OperationalFailure
from holdfast.application.reading.seat_map import CODES, STATUS_AFTER, LoggedChange, SeatMap
from holdfast.application.reading.seat_maps import Freshness, SeatMaps, SeatMapSource
from holdfast.domain.errors import EventNotFound
from holdfast.domain.snapshot import ChangeKind
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.1
SECONDS_PER_LISTENER = 25e-6
"""Ticks grow with the audience: sending takes about 11 µs a listener, thus less than half of a node's time."""
REST_SHARE = 0.3
"""The part of a tick that is left to others at least, also when sending took longer than it should."""
LISTENERS_PER_TURN = 50
"""Listeners who are sent a frame between two turns of the event loop: buyers wait for less than a millisecond."""
HEARTBEAT_SECONDS = 15.0
FRAMES_MAX = 32
"""Frames that may wait for one listener; one that is slower is sent away to load the seats anew."""

HEARTBEAT = b": heartbeat\n\n"
RELOAD = b"event: reload\ndata: {}\n\n"


class Listener:
    """One stream. Frames come out of `frames` until it ends, or go to the sink that was attached."""

    def __init__(self, version: int, leave: Callable[["Listener"], None]) -> None:
        self.version = version
        """The event's version when the stream was opened."""
        self._leave = leave
        self._sink: Callable[[bytes], bool] | None = None
        self._frames: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._ended = False

    async def frames(self) -> AsyncIterator[bytes]:
        """Give frames as they come."""
        while True:
            while self._frames:
                yield self._frames.popleft()
            if self._ended:
                return
            self._news.clear()
            await self._news.wait()

    def put(self, frame: bytes) -> bool:
        """Send a frame; False where the listener is too slow, which ends it with a word to reload."""
        if self._sink is not None:
            kept_up = self._sink(frame)
            if not kept_up:
                self.end(RELOAD)
            return kept_up
        if len(self._frames) >= FRAMES_MAX:
            self._frames.clear()
            self.end(RELOAD)
            return False
        self._frames.append(frame)
        self._news.set()
        return True

    def attach(self, sink: Callable[[bytes], bool]) -> bool:
        """Have further frames written at once by `sink`, which tells whether the listener keeps up.

        False while frames wait that must go first.
        """
        if self._frames or self._ended:
            return False
        self._sink = sink
        return True

    def stop(self) -> None:
        """The listener has gone."""
        self._leave(self)

    def end(self, frame: bytes) -> None:
        """Send a last frame, if it is not empty, and no further one."""
        if frame:
            self._frames.append(frame)
        self._ended = True
        self._news.set()


class _Channel:
    """The listeners of one event, all of whom have been told of everything up to `version`."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.listeners: set[Listener] = set()

    async def broadcast(self, frame: bytes) -> None:
        """Send one frame to all who listen now; who comes meanwhile knows it already."""
        for count, listener in enumerate(list(self.listeners), start=1):
            if not listener.put(frame):
                self.listeners.discard(listener)
                metrics.live_listeners_dropped_total.inc()
            if count % LISTENERS_PER_TURN == 0:
                await asyncio.sleep(0)

    def end(self, frame: bytes) -> None:
        """Send all away."""
        for listener in self.listeners:
            listener.end(frame)
        self.listeners.clear()


class LiveChanges:
    """All channels of a process, served by one loop that asks for all of them together."""

    def __init__(self, maps: SeatMaps, source: SeatMapSource) -> None:
        self._maps = maps
        self._source = source
        self._channels: dict[UUID, _Channel] = {}
        self._loop_task: asyncio.Task[None] | None = None

    @property
    def listeners(self) -> int:
        """How many streams are open."""
        return sum(len(channel.listeners) for channel in self._channels.values())

    async def listen(self, event_id: UUID, *, after_version: int | None) -> Listener:
        """Open a stream.

        Args:
            event_id: The event to follow.
            after_version: What the listener knows (`Last-Event-ID`): it is told of everything since, or, where that is
                too much, to reload.

        Raises:
            EventNotFound: where there is none.
            ConnectionLost, Contended: when the database cannot be asked.
        """
        seat_map = await self._maps.current(event_id)
        if seat_map is None:
            raise EventNotFound(event_id)
        channel = self._channels.get(event_id)
        if channel is None:
            channel = self._channels[event_id] = _Channel(seat_map.version)
        listener = Listener(channel.version, lambda gone: self.leave(event_id, gone))
        if after_version is not None and after_version != channel.version:
            missed = await self._missed(event_id, channel, after_version)
            listener.put(missed)
        else:
            listener.put(_frame("hello", channel.version, {"version": channel.version, "seats": seat_map.seats}))
        channel.listeners.add(listener)
        metrics.live_listeners.set(self.listeners)
        if self._loop_task is None or self._loop_task.done():
            self._loop_task = asyncio.create_task(self._serve(), context=Context())
        return listener

    def leave(self, event_id: UUID, listener: Listener) -> None:
        """Close a stream."""
        listener.end(b"")
        channel = self._channels.get(event_id)
        if channel is not None:
            channel.listeners.discard(listener)
            if not channel.listeners:
                self._channels.pop(event_id, None)
        metrics.live_listeners.set(self.listeners)

    def close(self) -> None:
        """End every stream; browsers come back by themselves, to another node."""
        for channel in self._channels.values():
            channel.end(b"")
        self._channels.clear()
        if self._loop_task is not None:
            self._loop_task.cancel()

    async def _missed(self, event_id: UUID, channel: _Channel, after_version: int) -> bytes:
        """Make the frame from `after_version` to where the channel stands when this returns."""
        while True:
            (fresh,) = await self._source.freshness([(event_id, after_version)])
            wanted = channel.version
            seat_map = self._maps.peek(event_id)
            if fresh is None or seat_map is None or wanted < after_version:
                return RELOAD
            changes = [change for change in fresh.changes if change.version <= wanted]
            if len(changes) != wanted - after_version and fresh.version >= wanted:
                return RELOAD
            if fresh.version >= wanted:
                return self._frame_or_reload(seat_map, changes)

    @staticmethod
    def _frame_or_reload(seat_map: SeatMap, changes: Sequence[LoggedChange]) -> bytes:
        if not changes:
            return HEARTBEAT
        try:
            return _changes_frame(seat_map, changes)
        except KeyError:
            # Seats were added in between, and the map in memory does not have them yet.
            return RELOAD

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        heartbeat_at = loop.time() + HEARTBEAT_SECONDS
        began = loop.time()
        while self._channels:
            tick_seconds = max(TICK_SECONDS, self.listeners * SECONDS_PER_LISTENER)
            await asyncio.sleep(max(began + tick_seconds - loop.time(), REST_SHARE * tick_seconds))
            began = loop.time()
            try:
                await self._tick()
            except OperationalFailure as failure:
                log.warning("live_changes_delayed", error=str(failure))
            if loop.time() >= heartbeat_at:
                heartbeat_at = loop.time() + HEARTBEAT_SECONDS
                for channel in list(self._channels.values()):
                    await channel.broadcast(HEARTBEAT)

    async def _tick(self) -> None:
        known = [(event_id, channel.version) for event_id, channel in self._channels.items()]
        for (event_id, version), fresh in zip(known, await self._source.freshness(known), strict=True):
            channel = self._channels.get(event_id)
            if channel is not None and channel.version == version:
                await self._tell(event_id, channel, fresh)

    async def _tell(self, event_id: UUID, channel: _Channel, fresh: Freshness | None) -> None:
        if fresh is None or fresh.deleted:
            channel.end(_frame("deleted", channel.version, {}))
            self._channels.pop(event_id, None)
            return
        if fresh.version < channel.version:
            channel.end(RELOAD)
            self._channels.pop(event_id, None)
            return
        if not fresh.changes:
            return
        seat_map = self._maps.peek(event_id)
        if seat_map is None or any(change.kind is ChangeKind.SEATS_ADDED for change in fresh.changes):
            seat_map = await self._maps.current(event_id)
        if seat_map is None:
            return
        frame = _changes_frame(seat_map, fresh.changes)
        channel.version = fresh.changes[-1].version
        await channel.broadcast(frame)


def _changes_frame(seat_map: SeatMap, changes: Sequence[LoggedChange]) -> bytes:
    """Net the changes: per seat the last status, as [place in the chart, code of the status]."""
    seats: dict[int, int] = {}
    for change in changes:
        status = STATUS_AFTER.get(change.kind)
        if status is not None:
            seats.update(dict.fromkeys(seat_map.positions_of(change.seat_ids), CODES[status]))
    version = changes[-1].version
    data = {"version": version, "seats": seat_map.seats, "changes": list(seats.items())}
    return _frame("changes", version, data)


def _frame(kind: str, version: int, data: dict[str, object]) -> bytes:
    return f"event: {kind}\nid: {version}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
