"""Streams of an event's changes: one frame a tick, made once and shared by all who listen."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextvars import Context
from uuid import UUID

import structlog

from holdfast.application.failures import OperationalFailure
from holdfast.application.giving_way import give_way
from holdfast.application.reading.listeners import RELOAD, Channel, LastSeen, Listener
from holdfast.application.reading.seat_map import CODES, FOLLOWED, STATUS_AFTER, LoggedChange
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.application.reading.source import Freshness, SeatMapSource
from holdfast.domain.booking.snapshot import Mark
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.1
SECONDS_PER_LISTENER = 25e-6
"""Ticks grow with the audience: sending takes about 11 µs a listener, thus less than half of a node's time."""
SECONDS_PER_CHANNEL = 50e-6
"""And with the events that are listened to: asking for one takes about 15 µs of PostgreSQL and of this process each."""
CHANNELS_PER_QUESTION = 256
SEATS_PER_TURN = 500
"""Seats whose places are looked up between two turns of the event loop."""
ENTRIES_MAX = 2_000
"""Log entries of an event that are told together; whoever comes back having missed more loads the seats anew."""
REST_SHARE = 0.3
"""The part of a tick that is left to others at least, also when sending took longer than it should."""
HEARTBEAT_SECONDS = 15.0

HEARTBEAT = b": heartbeat\n\n"


class LiveChanges:
    """All channels of a process, served by one loop that asks for all of them together.

    A listener joins its channel in the same turn of the event loop in which the channel was found or made. With a wait
    in between, the last of the others could leave meanwhile, and the listener would join a channel that nobody serves.
    """

    def __init__(self, maps: SeatMaps, source: SeatMapSource) -> None:
        self._maps = maps
        self._source = source
        self._channels: dict[UUID, Channel] = {}
        self._listeners = 0
        self._loop_task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many streams are open."""
        return self._listeners

    async def listen(self, event_id: UUID, *, after: LastSeen | None) -> Listener:
        """Open a stream.

        Args:
            event_id: The event to follow.
            after: What the listener knows: it is told of everything since, or, where that is too much or was lost with
                a failover, to reload.

        Raises:
            EventNotFound: where there is none.
            ConnectionLost, Contended: when the database cannot be asked.
        """
        standing = await self._maps.standing(event_id)
        if standing is None:
            raise EventNotFound(event_id)
        channel, listener = self._join(event_id, standing.mark)
        mark = channel.mark
        if after is None or after.means(mark):
            listener.put_first(_frame("hello", mark, {"version": mark.version, "seats": standing.seats}))
            return listener
        listener.knows_version = after.version
        try:
            # Later changes wait in the listener meanwhile, so that what it missed ends where they begin.
            listener.put_first(await self._missed(event_id, after, mark))
        except BaseException:
            self._leave(channel, listener)
            raise
        return listener

    def close(self) -> None:
        """End every stream; browsers come back by themselves, to another node."""
        self._closed = True
        for channel in list(self._channels.values()):
            self._end(channel, b"")
        if self._loop_task is not None:
            self._loop_task.cancel()

    def _join(self, event_id: UUID, mark: Mark) -> tuple[Channel, Listener]:
        """Add a listener to its channel, which is made where there is none; waits for nothing."""
        channel = self._channels.get(event_id)
        if channel is None:
            channel = Channel(event_id, mark)
            if not self._closed:
                self._channels[event_id] = channel
        listener = Listener(channel.mark.version, lambda gone: self._leave(channel, gone))
        if self._closed:
            listener.end(b"")
            return channel, listener
        channel.listeners.add(listener)
        self._count(+1)
        if self._loop_task is None or self._loop_task.done():
            self._loop_task = asyncio.create_task(self._serve(), context=Context())
        return channel, listener

    def _leave(self, channel: Channel, listener: Listener) -> None:
        """Take a listener out; a channel without listeners is served no more."""
        listener.end(b"")
        self._drop(channel, listener)

    def _drop(self, channel: Channel, listener: Listener) -> None:
        if listener in channel.listeners:
            channel.listeners.discard(listener)
            self._count(-1)
        if not channel.listeners and self._channels.get(channel.event_id) is channel:
            del self._channels[channel.event_id]

    def _end(self, channel: Channel, frame: bytes) -> None:
        """Send all listeners of a channel away."""
        if self._channels.get(channel.event_id) is channel:
            del self._channels[channel.event_id]
        for listener in channel.listeners:
            listener.end(frame)
        self._count(-len(channel.listeners))
        channel.listeners.clear()

    def _count(self, more: int) -> None:
        self._listeners += more
        metrics.live_listeners.set(self._listeners)

    async def _missed(self, event_id: UUID, after: LastSeen, until: Mark) -> bytes:
        """Make the frame of what happened after a listener left up to where its channel was when it joined."""
        (fresh,) = await self._source.freshness([(event_id, after.version)], entries_max=ENTRIES_MAX)
        if fresh is None or not after.means(fresh.known):
            return RELOAD
        if until.version < after.version:
            # Another node told it more than this channel knows yet.
            return HEARTBEAT
        changes = [change for change in fresh.changes if change.version <= until.version]
        if not changes or changes[-1].mark != until:
            return RELOAD
        try:
            return _changes_frame(fresh.seats, changes, await self._positions({event_id: changes}))
        except KeyError:
            return RELOAD

    async def _serve(self) -> None:
        """Serve all channels as long as there are any. Nothing that goes wrong ends this loop."""
        loop = asyncio.get_running_loop()
        heartbeat_at = loop.time() + HEARTBEAT_SECONDS
        began = loop.time()
        while self._channels:
            busy_seconds = self.listeners * SECONDS_PER_LISTENER + len(self._channels) * SECONDS_PER_CHANNEL
            tick_seconds = max(TICK_SECONDS, busy_seconds)
            await asyncio.sleep(max(began + tick_seconds - loop.time(), REST_SHARE * tick_seconds))
            began = loop.time()
            try:
                await self._tick()
            except OperationalFailure as failure:
                log.warning("live_changes_delayed", error=str(failure))
            except Exception:
                log.exception("live_changes_failed")
            if loop.time() >= heartbeat_at:
                heartbeat_at = loop.time() + HEARTBEAT_SECONDS
                for channel in list(self._channels.values()):
                    await self._broadcast(channel, HEARTBEAT, None)

    async def _tick(self) -> None:
        asked = list(self._channels.values())
        for start in range(0, len(asked), CHANNELS_PER_QUESTION):
            some = asked[start : start + CHANNELS_PER_QUESTION]
            try:
                await self._tell_news(some)
            except OperationalFailure as failure:
                log.warning("live_changes_delayed", events=len(some), error=str(failure))
            await give_way()

    async def _tell_news(self, channels: Sequence[Channel]) -> None:
        known = [(channel.event_id, channel.mark.version) for channel in channels]
        found = await self._source.freshness(known, entries_max=ENTRIES_MAX)
        changed = {
            channel: fresh
            for channel, fresh in zip(channels, found, strict=True)
            if fresh is None or fresh.changes or fresh.deleted or fresh.known != channel.mark
        }
        told = {channel.event_id: fresh.changes for channel, fresh in changed.items() if fresh is not None}
        positions = await self._positions(told)
        for channel, fresh in changed.items():
            if self._channels.get(channel.event_id) is channel:
                try:
                    await self._tell(channel, fresh, positions)
                except Exception:
                    # The others are told all the same; these load the seats anew.
                    log.exception("live_changes_failed", event_id=str(channel.event_id))
                    self._end(channel, RELOAD)

    async def _tell(self, channel: Channel, fresh: Freshness | None, positions: Mapping[UUID, int]) -> None:
        if fresh is None or fresh.deleted:
            self._end(channel, _frame("deleted", channel.mark, {}))
        elif fresh.known != channel.mark:
            # A failover lost what these listeners were told.
            self._end(channel, RELOAD)
        else:
            frame = _changes_frame(fresh.seats, fresh.changes, positions)
            channel.mark = fresh.changes[-1].mark
            await self._broadcast(channel, frame, channel.mark.version)

    async def _positions(self, changes: Mapping[UUID, Sequence[LoggedChange]]) -> dict[UUID, int]:
        """Find the places of changed seats in their charts: in maps that are in memory, else in the tables."""
        positions: dict[UUID, int] = {}
        unknown: dict[UUID, UUID] = {}
        for event_id, of_event in changes.items():
            seat_map = self._maps.kept(event_id)
            for count, seat_id in enumerate({seat_id for change in of_event for seat_id in change.seat_ids}, start=1):
                if count % SEATS_PER_TURN == 0:
                    await give_way()
                position = None if seat_map is None else seat_map.position_of(seat_id)
                if position is None:
                    unknown[seat_id] = event_id
                else:
                    positions[seat_id] = position
        if unknown:
            positions.update(await self._source.positions(list(unknown), list(unknown.values())))
        return positions

    async def _broadcast(self, channel: Channel, frame: bytes, version: int | None) -> None:
        await channel.broadcast(frame, version, lambda listener: self._drop(channel, listener))


def _changes_frame(seats: int, changes: Sequence[LoggedChange], positions: Mapping[UUID, int]) -> bytes:
    """Net the changes: per seat the last status, as [place in the chart, code of the status].

    Raises:
        KeyError: for a seat whose place is not known.
    """
    codes: dict[int, int] = {}
    for change in changes:
        if change.kind not in FOLLOWED:
            return RELOAD
        status = STATUS_AFTER.get(change.kind)
        if status is not None:
            codes.update(dict.fromkeys([positions[seat_id] for seat_id in change.seat_ids], CODES[status]))
    mark = changes[-1].mark
    return _frame("changes", mark, {"version": mark.version, "seats": seats, "changes": list(codes.items())})


def _frame(kind: str, mark: Mark, data: dict[str, object]) -> bytes:
    """Write an event. Of two ids the last one counts; the bare version is for older programs that look for it."""
    told = json.dumps(data, separators=(",", ":"))
    return f"event: {kind}\nid: {mark.version}\nid: {mark.name}\ndata: {told}\n\n".encode()
