"""Who listens to an event's changes, and what each still has to be told."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple
from uuid import UUID

from holdfast.domain.booking.snapshot import Mark
from holdfast.telemetry import metrics

FRAMES_MAX = 32
"""Frames that may wait for one listener; one that is slower is sent away to load the seats anew."""
LISTENERS_PER_TURN = 50
"""Listeners who are sent a frame between two turns of the event loop: buyers wait for less than a millisecond."""

_EVENT_ID = re.compile(rb"([0-9]{1,18})(-[0-9a-f]{12})?")

RELOAD = b"event: reload\ndata: {}\n\n"


class LastSeen(NamedTuple):
    """Where a listener left off, as it says when it comes back (`Last-Event-ID`)."""

    version: int
    name: str | None = None
    """Which state of the event that was (`domain.snapshot.Mark.name`); None where it gave the bare version."""

    @classmethod
    def parse(cls, text: bytes) -> "LastSeen | None":
        """Read what a listener sent; None where that is no id of ours."""
        parts = _EVENT_ID.fullmatch(text)
        if parts is None:
            return None
        return cls(int(parts[1]), None if parts[2] is None else text.decode())

    def means(self, mark: Mark) -> bool:
        """Tell whether it saw this state, as far as it said."""
        return self.version == mark.version and self.name in (None, mark.name)


class Listener:
    """One stream. Frames come out of `frames` until it ends, or go to the sink that was attached."""

    def __init__(self, version: int, leave: Callable[["Listener"], None]) -> None:
        self.version = version
        """The event's version when the stream was opened."""
        self.knows_version = 0
        """What another node has told it already; frames up to there are not for it."""
        self._leave = leave
        self._sink: Callable[[bytes], bool] | None = None
        self._frames: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._ended = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
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
        """Send a frame ahead of those that came since the listener joined; only before anybody takes frames."""
        self._frames.appendleft(frame)
        self._news.set()

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


class Channel:
    """The listeners of one event, all of whom have been told of everything up to `mark`."""

    def __init__(self, event_id: UUID, mark: Mark) -> None:
        self.event_id = event_id
        self.mark = mark
        self.listeners: set[Listener] = set()

    async def broadcast(self, frame: bytes, version: int | None, drop: Callable[[Listener], None]) -> None:
        """Send one frame to all who listen now; who comes meanwhile knows it already. Who is too slow is dropped.

        Args:
            frame: What to send.
            version: Up to which it tells of changes, if it does.
            drop: What to do with a listener who is too slow.
        """
        for count, listener in enumerate(list(self.listeners), start=1):
            if (version is None or version > listener.knows_version) and not listener.put(frame):
                drop(listener)
                metrics.live_listeners_dropped_total.inc()
            if count % LISTENERS_PER_TURN == 0:
                await asyncio.sleep(0)
