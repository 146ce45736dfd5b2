"""Streams of an event's changes. Each tick makes one frame, which all listeners share."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextvars import Context
from uuid import UUID

import structlog

from holdfast.application.failures import OperationalFailure
from holdfast.application.giving_way import give_way
from holdfast.application.reading.edits import Edits
from holdfast.application.reading.listeners import RELOAD, Channel, LastSeen, Listener
from holdfast.application.reading.logged_change import LoggedChange
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.application.reading.source import Freshness, SeatMapSource
from holdfast.domain.booking.snapshot import Mark
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.1
SECONDS_PER_LISTENER = 25e-6
"""The least length of a tick per listener. Sending takes about 11 µs of it, so streams use less than half of a node's
time."""
SECONDS_PER_CHANNEL = 50e-6
"""What each event with listeners adds to that. Asking about one takes PostgreSQL and this process about 15 µs each."""
CHANNELS_PER_QUESTION = 256
SEATS_PER_TURN = 500
"""Seats whose chart positions are looked up between two turns of the event loop."""
ENTRIES_MAX = 2_000
"""Log entries of an event that go into one frame. A listener who has missed more has to reload the seats."""
REST_SHARE = 0.3
"""The minimum share of a tick that is left to other work, even if sending took too long."""
HEARTBEAT_SECONDS = 15.0

HEARTBEAT = b": heartbeat\n\n"


class LiveChanges:
    """All channels of a process, served by one loop that asks about all of them together.

    A listener joins its channel in the same turn of the event loop in which the channel is found or created. If there
    were an await in between, the last of the other listeners could leave during it, and the new one would join a
    channel that is no longer served.
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
        """The number of open streams."""
        return self._listeners

    async def listen(self, event_id: UUID, *, after: LastSeen | None, sees_drafts: bool = True) -> Listener:
        """Open a stream.

        Args:
            event_id: The event to follow.
            sees_drafts: Whether the listener may go on following it if it is a draft one day.
            after: What the listener has seen. It is sent everything since then, or told to reload if that is too much
                or was lost in a failover.

        Raises:
            EventNotFound: if there is no such event.
            EventArchived: if it was archived.
            ConnectionLost, Contended: if the database cannot be asked.
        """
        standing = await self._maps.standing(event_id)
        if standing is None:
            raise EventNotFound(event_id)
        channel, listener = self._join(event_id, standing.mark)
        listener.sees_drafts = sees_drafts
        mark = channel.mark
        if after is None or after.means(mark):
            listener.put_first(_frame("hello", mark, {"version": mark.version, "seats": standing.seats}))
            return listener
        listener.knows_version = after.version
        try:
            # Later changes are already queued for the listener, so what it has missed ends exactly where they begin.
            listener.put_first(await self._missed(event_id, after, mark))
        except BaseException:
            self._leave(channel, listener)
            raise
        return listener

    def close(self) -> None:
        """End every stream. Browsers reconnect by themselves, to another node."""
        self._closed = True
        for channel in list(self._channels.values()):
            self._end(channel, b"")
        if self._loop_task is not None:
            self._loop_task.cancel()

    def _join(self, event_id: UUID, mark: Mark) -> tuple[Channel, Listener]:
        """Add a listener to its channel, creating the channel if needed, without awaiting anything."""
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
        """Remove a listener. A channel without listeners is no longer served."""
        listener.end(b"")
        self._drop(channel, listener)

    def _drop(self, channel: Channel, listener: Listener) -> None:
        if listener in channel.listeners:
            channel.listeners.discard(listener)
            self._count(-1)
        if not channel.listeners and self._channels.get(channel.event_id) is channel:
            del self._channels[channel.event_id]

    def _end(self, channel: Channel, frame: bytes) -> None:
        """End the streams of all listeners of a channel."""
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
        """Build the frame of everything that happened between a listener's last frame and the state of its channel."""
        (fresh,) = await self._source.freshness([(event_id, after.version)], entries_max=ENTRIES_MAX)
        if fresh is None or not after.means(fresh.known):
            return RELOAD
        if until.version < after.version:
            # Another node has already sent the listener more than this channel knows.
            return HEARTBEAT
        changes = [change for change in fresh.changes if change.version <= until.version]
        if not changes or changes[-1].mark != until:
            return RELOAD
        try:
            return _changes_frame(fresh.seats, changes, await self._positions([(event_id, fresh.edits, changes)]))
        except KeyError:
            return RELOAD

    async def _serve(self) -> None:
        """Serve all channels for as long as there are any. No failure ends this loop."""
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
            if fresh is None or fresh.changes or fresh.deleted or fresh.archived or fresh.known != channel.mark
        }
        told = [(one.event_id, fresh.edits, fresh.changes) for one, fresh in changed.items() if fresh is not None]
        positions = await self._positions(told)
        for channel, fresh in changed.items():
            if self._channels.get(channel.event_id) is channel:
                try:
                    await self._tell(channel, fresh, positions)
                except Exception:
                    # The other channels are still served. Listeners of this one have to reload the seats.
                    log.exception("live_changes_failed", event_id=str(channel.event_id))
                    self._end(channel, RELOAD)

    async def _tell(self, channel: Channel, fresh: Freshness | None, positions: Mapping[UUID, int]) -> None:
        if fresh is None or fresh.deleted:
            self._end(channel, _frame("deleted", channel.mark, {}))
        elif fresh.archived:
            self._end(channel, _frame("archived", channel.mark, {}))
        elif fresh.known != channel.mark:
            # A failover lost changes that these listeners have already been sent.
            self._end(channel, RELOAD)
        else:
            if not fresh.published:
                self._end_for_strangers(channel)
            try:
                frame = _changes_frame(fresh.seats, fresh.changes, positions)
            except KeyError:
                # Between the two questions a failover lost seats that these changes name, or the chart was edited.
                log.warning("live_changes_reloaded", event_id=str(channel.event_id))
                self._end(channel, RELOAD)
                return
            channel.mark = fresh.changes[-1].mark
            await self._broadcast(channel, frame, channel.mark.version)

    def _end_for_strangers(self, channel: Channel) -> None:
        """End the streams of an event that is a draft now, for those who may not see drafts."""
        for listener in [one for one in channel.listeners if not one.sees_drafts]:
            listener.end(_frame("deleted", channel.mark, {}))
            self._drop(channel, listener)

    async def _positions(self, changes: Sequence[tuple[UUID, Edits, Sequence[LoggedChange]]]) -> dict[UUID, int]:
        """Find the chart positions of changed seats, in the maps in memory or else in the tables.

        A map from before an edit of the chart, which nobody has read since, has other positions. So have the tables
        after another edit, or after a failover that lost one.
        """
        positions: dict[UUID, int] = {}
        unknown: dict[UUID, tuple[UUID, int]] = {}
        for event_id, edits, of_event in changes:
            seat_map = self._maps.kept(event_id)
            if seat_map is not None and seat_map.edits.chart != edits.chart:
                seat_map = None
            seats = {seat_id for change in of_event for seat_ids, _ in change.codes() or () for seat_id in seat_ids}
            for count, seat_id in enumerate(seats, start=1):
                if count % SEATS_PER_TURN == 0:
                    await give_way()
                position = None if seat_map is None else seat_map.position_of(seat_id)
                if position is None:
                    unknown[seat_id] = event_id, edits.chart
                else:
                    positions[seat_id] = position
        if unknown:
            event_ids, chart_edits = zip(*unknown.values(), strict=True)
            positions.update(await self._source.positions(list(unknown), event_ids, chart_edits))
        return positions

    async def _broadcast(self, channel: Channel, frame: bytes, version: int | None) -> None:
        await channel.broadcast(frame, version, lambda listener: self._drop(channel, listener))


def _changes_frame(seats: int, changes: Sequence[LoggedChange], positions: Mapping[UUID, int]) -> bytes:
    """Net the changes. For each seat it keeps the last status, as [position in the chart, status code].

    Raises:
        KeyError: for a seat whose position is not known.
    """
    codes: dict[int, int] = {}
    for change in changes:
        told = change.codes()
        if told is None:
            return RELOAD
        for seat_ids, code in told:
            codes.update(dict.fromkeys([positions[seat_id] for seat_id in seat_ids], code))
    mark = changes[-1].mark
    return _frame("changes", mark, {"version": mark.version, "seats": seats, "changes": list(codes.items())})


def _frame(kind: str, mark: Mark, data: dict[str, object]) -> bytes:
    """Encode an event. If there are two ids, the last one counts; the bare version is for older clients."""
    told = json.dumps(data, separators=(",", ":"))
    return f"event: {kind}\nid: {mark.version}\nid: {mark.name}\ndata: {told}\n\n".encode()
