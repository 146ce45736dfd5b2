"""The listeners to an event's changes, and the frames that each is still waiting for."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple
from uuid import UUID

from holdfast.domain.booking.snapshot import Mark
from holdfast.telemetry import metrics

FRAMES_MAX = 32
"""Frames that may wait for one listener. A listener that falls further behind is told to reload the seats."""
LISTENERS_PER_TURN = 50
"""Listeners who are sent a frame between two turns of the event loop: buyers wait less than a millisecond for it."""

_EVENT_ID = re.compile(rb"([0-9]{1,18})(-[0-9a-f]{12})?")

RELOAD = b"event: reload\ndata: {}\n\n"


class LastSeen(NamedTuple):
    """The last thing a listener saw, according to its `Last-Event-ID` when it reconnects."""

    version: int
    name: str | None = None
    """The state of the event at that version (`domain.booking.snapshot.Mark.name`); None if it sent only a version."""

    @classmethod
    def parse(cls, text: bytes) -> "LastSeen | None":
        """Parse what a listener sent; return None if it is not one of our ids."""
        parts = _EVENT_ID.fullmatch(text)
        if parts is None:
            return None
        return cls(int(parts[1]), None if parts[2] is None else text.decode())

    def means(self, mark: Mark) -> bool:
        """Return whether the listener saw this state, as far as its id says."""
        return self.version == mark.version and self.name in (None, mark.name)


class Listener:
    """One stream. It yields `frames` until it ends, or until a sink is attached that takes them instead."""

    def __init__(self, version: int, leave: Callable[["Listener"], None]) -> None:
        self.version = version
        """The event's version when the stream was opened."""
        self.knows_version = 0
        """The latest version the listener has seen on another node. Frames up to it are not sent."""
        self.sees_drafts = True
        """Whether the stream goes on when the event becomes a draft."""
        self._leave = leave
        self._sink: Callable[[bytes], bool] | None = None
        self._frames: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._ended = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield frames as they arrive."""
        while True:
            while self._frames:
                yield self._frames.popleft()
            if self._ended:
                return
            self._news.clear()
            await self._news.wait()

    def put(self, frame: bytes) -> bool:
        """Send a frame. A listener that is too slow is told to reload and ended; the result is then False."""
        if self._ended:
            return True
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

    def put_first(self, frame: bytes) -> None:
        """Send a frame ahead of those that arrived since the listener joined. Only before anyone takes frames."""
        self._frames.appendleft(frame)
        self._news.set()

    def attach(self, sink: Callable[[bytes], bool]) -> bool:
        """Have `sink` write all further frames at once. It returns whether the listener keeps up.

        Return False if frames are waiting that must be sent first.
        """
        if self._frames or self._ended:
            return False
        self._sink = sink
        return True

    def stop(self) -> None:
        """Stop: the listener has gone."""
        self._leave(self)

    def end(self, frame: bytes) -> None:
        """Send a last frame, unless it is empty, and none after it."""
        if frame:
            self._frames.append(frame)
        self._ended = True
        self._news.set()


class Channel:
    """The listeners of one event, all of whom have been sent everything up to `mark`."""

    def __init__(self, event_id: UUID, mark: Mark) -> None:
        self.event_id = event_id
        self.mark = mark
        self.listeners: set[Listener] = set()

    async def broadcast(self, frame: bytes, version: int | None, drop: Callable[[Listener], None]) -> None:
        """Send a frame to everyone listening now, and drop those who are too slow.

        Listeners who join in the meantime already know its contents.

        Args:
            frame: The frame.
            version: The version up to which it reports changes, if it reports any.
            drop: Called with each listener that is too slow.
        """
        for count, listener in enumerate(list(self.listeners), start=1):
            if (version is None or version > listener.knows_version) and not listener.put(frame):
                drop(listener)
                metrics.live_listeners_dropped_total.inc()
            if count % LISTENERS_PER_TURN == 0:
                await asyncio.sleep(0)
