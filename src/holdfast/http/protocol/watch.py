"""Watches all connections of a process: how many there are, and how long each has been silent.

It does this once a second, without a timer for each. Connections waiting for the same thing are kept in the order in
which they began to wait, so only the first few need to be checked, however many there are.
"""

import asyncio
import contextlib
import resource
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol, TypeAlias

from holdfast.telemetry import metrics

SWEEP_SECONDS = 1.0
HEAD_SECONDS_MAX = 10.0
"""The time for the head of a request from its first byte, or for the first head from connecting to its end."""
IDLE_SECONDS_MAX = 75.0
"""Longer than nginx keeps idle connections to a node, so that the node never closes first."""
LINGER_SECONDS = 5.0
"""After a last answer, what arrives is discarded until nothing has arrived for this long. If a connection were closed
while bytes still arrive, it would be reset, and the client would see the reset instead of the answer."""
LINGER_SECONDS_MAX = 30.0
"""The limit for that in all, if bytes do not stop arriving."""
SHED_SECONDS_MIN = 1.0
"""A connection that has waited for less is not closed to make room: its request may be on the way."""
LOOKS_PER_TURN = 500
"""Connections checked, or ended, between two turns of the event loop."""
SPARE_CONNECTIONS = 512
"""Connections beyond the limit, for probes: monitoring must see that a node is alive, above all when it is full."""
OTHER_FILES = 256
"""File descriptors reserved for everything else: databases, logs, libraries."""


class Watched(Protocol):
    """A connection as the watch sees it."""

    over_limit: bool
    """Whether it was accepted when the node already had its maximum of connections."""
    place: "Place | None"

    def close(self) -> None:
        """End it, because it is idle."""
        ...

    def abort(self) -> None:
        """Cut it."""
        ...

    def time_out_head(self) -> None:
        """The head of a request has not arrived in time."""
        ...

    def check_pace(self, now: float) -> bool:
        """End it if it is too slow; return False if nothing is waited for any more."""
        ...

    def close_after_answer(self) -> None:
        """End it after the answer under way."""
        ...

    @property
    def idle(self) -> bool:
        """Whether no request, nor any part of one, is under way."""
        ...

    @property
    def under_way(self) -> bool:
        """Whether a request, or the rest of an answer, is under way."""
        ...


Place: TypeAlias = OrderedDict[Watched, float]
"""Connections waiting for the same thing, each with the time it began to wait, the earliest first."""


class Watch:
    """All connections of a process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connections_max: int) -> None:
        """Set up without connections.

        Args:
            loop: The event loop, for its clock.
            connections_max: The most connections; fewer if the process may not open that many files.
        """
        self.slow: set[Watched] = set()
        """The connections whose pace must be checked."""
        self.all: set[Watched] = set()
        self.on_count: Callable[[], None] = lambda: None
        """Called when the number of connections changes."""
        self._loop = loop
        room = max(16, files_max() - OTHER_FILES)
        self._spare = min(SPARE_CONNECTIONS, room // 8)
        self.connections_max = min(connections_max, room - self._spare)
        """This many are served; beyond it, a few are accepted for probes."""
        self._fresh: Place = OrderedDict()
        """Connected, and silent since."""
        self._heads: Place = OrderedDict()
        """In the middle of a head."""
        self._bodies: Place = OrderedDict()
        """In the middle of a body that someone is, or was, waiting for."""
        self._idle: Place = OrderedDict()
        """Between two requests."""
        self._lingering: Place = OrderedDict()
        """After their last answer."""

    def opened(self, connection: Watched) -> None:
        """Make room for a connection. If that fails, mark it as over the limit, or cut it."""
        connections = len(self.all)
        if connections >= self.connections_max and not self._shed(at_least=SHED_SECONDS_MIN):
            connection.over_limit = True
            if connections >= self.connections_max + self._spare and not self._shed(at_least=0.0):
                metrics.connections_shed_total.inc()
                connection.abort()
        self.all.add(connection)
        self.on_count()
        self._move(connection, self._fresh)

    def closed(self, connection: Watched) -> None:
        """Forget a connection."""
        self.all.discard(connection)
        self.on_count()
        self.slow.discard(connection)
        self._move(connection, None)

    def busy(self, connection: Watched) -> None:
        """A request is under way. Its duration is not limited here."""
        if connection.place is not None:
            del connection.place[connection]
            connection.place = None

    def body_begun(self, connection: Watched) -> None:
        """Someone is waiting for a body."""
        if connection.place is not self._bodies:
            self._move(connection, self._bodies)

    def idle_from_now(self, connection: Watched) -> None:
        """The connection is waiting for its next request."""
        self._move(connection, self._idle)

    def lingering(self, connection: Watched) -> None:
        """The connection has had its last answer, and waits for the client to receive it."""
        self._move(connection, self._lingering)

    def head_begun(self, connection: Watched) -> None:
        """Part of a head has arrived."""
        if connection.place is not self._heads:
            since = self._fresh.get(connection)
            self._move(connection, self._heads)
            if since is not None:
                self._heads[connection] = since

    async def sweep(self) -> None:
        """Once a second, for ever, check the connections that have waited too long."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = self._loop.time()
            metrics.connections.set(len(self.all))
            await _end_older(self._fresh, now - HEAD_SECONDS_MAX, lambda connection: connection.close())
            await _end_older(self._idle, now - IDLE_SECONDS_MAX, lambda connection: connection.close())
            await _end_older(self._lingering, now - LINGER_SECONDS, lambda connection: connection.abort())
            await _end_older(self._heads, now - HEAD_SECONDS_MAX, lambda connection: connection.time_out_head())
            await self._look_at_the_slow(now)

    async def _look_at_the_slow(self, now: float) -> None:
        for count, connection in enumerate(list(self.slow), start=1):
            if not connection.check_pace(now):
                self.slow.discard(connection)
            if count % LOOKS_PER_TURN == 0:
                await asyncio.sleep(0)

    def _shed(self, *, at_least: float) -> bool:
        """Cut a connection that has been idle for long; return False if none has been for `at_least` seconds."""
        limit = self._loop.time() - at_least
        for place in (self._lingering, self._fresh, self._heads, self._bodies, self._idle):
            connection = next(iter(place), None)
            if connection is not None and place[connection] <= limit:
                metrics.connections_shed_total.inc()
                self.closed(connection)
                connection.abort()
                return True
        return False

    def _move(self, connection: Watched, place: Place | None) -> None:
        if connection.place is not None:
            del connection.place[connection]
        connection.place = place
        if place is not None:
            place[connection] = self._loop.time()


def raise_files_max() -> None:
    """Let this process open as many files as it may. The soft limit is often 1024, which suits older programs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # Some kernels allow less than they report.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def files_max() -> int:
    """Return how many files this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft


async def _end_older(place: Place, limit: float, end: Callable[[Watched], None]) -> None:
    """End the connections that began to wait before `limit`. After a flood, they may be thousands."""
    for count, connection in enumerate(_older_than(place, limit), start=1):
        if connection.place is place:
            end(connection)
        if count % LOOKS_PER_TURN == 0:
            await asyncio.sleep(0)


def _older_than(place: Place, limit: float) -> list[Watched]:
    """Return the connections that began to wait before `limit`."""
    found: list[Watched] = []
    for connection, since in place.items():
        if since > limit:
            break
        found.append(connection)
    return found
