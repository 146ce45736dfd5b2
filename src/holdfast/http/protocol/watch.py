"""Keeps an eye on all connections of a process: how many there are, and how long each has been silent.

Once a second, and without a timer for each: connections that wait for the same thing stand in the order in which they
began to, so only the first few are looked at, however many there are.
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
"""For the head of a request, from its first byte, and from connecting to the end of the first head."""
IDLE_SECONDS_MAX = 75.0
"""Longer than nginx keeps idle connections to a node, so that it is never the node that closes first."""
LINGER_SECONDS = 5.0
"""After a last answer what still comes is thrown away, until nothing has come for so long: closing a connection on
which bytes arrive resets it, and the client would see the reset instead of the answer."""
LINGER_SECONDS_MAX = 30.0
"""And for so long in all, where it does not stop coming."""
SHED_SECONDS_MIN = 1.0
"""A connection that has been waiting for less is not closed for a new one: its request may be on the way."""
LOOKS_PER_TURN = 500
"""Connections that are looked at, or ended, between two turns of the event loop."""
SPARE_CONNECTIONS = 512
"""Beyond the limit, for probes: whoever watches a node must see that it lives, above all when it is full."""
OTHER_FILES = 256
"""Descriptors that are kept for everything else: databases, logs, libraries."""


class Watched(Protocol):
    """A connection, as far as it is watched."""

    over_limit: bool
    """Whether it came when there were as many as there may be."""
    place: "Place | None"

    def close(self) -> None:
        """End it: it is idle."""
        ...

    def abort(self) -> None:
        """Cut it."""
        ...

    def time_out_head(self) -> None:
        """The head of a request does not come to an end."""
        ...

    def check_pace(self, now: float) -> bool:
        """End it if it is too slow; False where nothing is waited for any more."""
        ...

    def close_after_answer(self) -> None:
        """End it with the answer under way."""
        ...

    @property
    def idle(self) -> bool:
        """Whether no request is under way, nor any part of one."""
        ...

    @property
    def under_way(self) -> bool:
        """Whether a request, or the rest of an answer, is."""
        ...


Place: TypeAlias = OrderedDict[Watched, float]
"""Connections that wait for the same thing, each with the time since when, the first to be looked at in front."""


class Watch:
    """All connections of a process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connections_max: int) -> None:
        """Begin with none.

        Args:
            loop: Whose clock counts.
            connections_max: How many there may be; fewer, where the process may not open so many files.
        """
        self.slow: set[Watched] = set()
        """Those whose pace must be looked at."""
        self.all: set[Watched] = set()
        self.on_count: Callable[[], None] = lambda: None
        """Is told when there is one more or one less."""
        self._loop = loop
        room = max(16, files_max() - OTHER_FILES)
        self._spare = min(SPARE_CONNECTIONS, room // 8)
        self.connections_max = min(connections_max, room - self._spare)
        """So many are served; beyond it, a few are taken for probes."""
        self._fresh: Place = OrderedDict()
        """Connected, and silent since."""
        self._heads: Place = OrderedDict()
        """Within a head."""
        self._bodies: Place = OrderedDict()
        """Somebody waits for a body, or waited, and its end has not come."""
        self._idle: Place = OrderedDict()
        """Between two requests."""
        self._lingering: Place = OrderedDict()
        """Behind their last answer."""

    def opened(self, connection: Watched) -> None:
        """Make room for a connection, or have it know that there is none."""
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
        """A request is under way: how long that may take is for others to say."""
        if connection.place is not None:
            del connection.place[connection]
            connection.place = None

    def body_begun(self, connection: Watched) -> None:
        """A body has to be waited for."""
        if connection.place is not self._bodies:
            self._move(connection, self._bodies)

    def idle_from_now(self, connection: Watched) -> None:
        """The connection waits for its next request."""
        self._move(connection, self._idle)

    def lingering(self, connection: Watched) -> None:
        """The connection has had its last answer, and waits for the client to see it."""
        self._move(connection, self._lingering)

    def head_begun(self, connection: Watched) -> None:
        """The first bytes of a head have come, but not all of it."""
        if connection.place is not self._heads:
            since = self._fresh.get(connection)
            self._move(connection, self._heads)
            if since is not None:
                self._heads[connection] = since

    async def sweep(self) -> None:
        """Look at those that have waited too long, once a second, for ever."""
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
        """Cut a connection that has waited for long, for nothing much; False where none has for `at_least` seconds."""
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
    """Let this process open as many files as it may: the soft limit is often 1024, for programs of another age."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # Some kernels allow less than they name.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def files_max() -> int:
    """How many files this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft


async def _end_older(place: Place, limit: float, end: Callable[[Watched], None]) -> None:
    """End those that began to wait before a time; a flood may have left thousands."""
    for count, connection in enumerate(_older_than(place, limit), start=1):
        if connection.place is place:
            end(connection)
        if count % LOOKS_PER_TURN == 0:
            await asyncio.sleep(0)


def _older_than(place: Place, limit: float) -> list[Watched]:
    """Those that began to wait before a time."""
    found: list[Watched] = []
    for connection, since in place.items():
        if since > limit:
            break
        found.append(connection)
    return found
