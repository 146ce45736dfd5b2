"""A small pool whose connections stay as they are between uses: no reset, no ping.

A general-purpose pool resets a connection each time it is returned, which cost 330 µs per batch.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.application.failures import ConnectionLost, Obstructed
from holdfast.infrastructure.postgres.driver.connection import Timeouts, WatchedConnection, connect
from holdfast.server_urls.cells import Cell

USE_SECONDS_MAX = 60.0
"""Longer than any statement may take, including bulk ones."""
SHORT_USE_SECONDS_MAX = 7.0
"""For reads of a few rows: longer than their statement may take."""
SESSION_SECONDS_MAX = 600.0
"""An older connection is not lent again. If a setting of the role or the database is changed back, open sessions keep
the old value: one opened while `synchronous_commit` was off would run without it for good."""

_obstructions: dict[Cell, tuple[float, str]] = {}
"""By database, when a database last refused something for a reason that may last, and what. It is shared by all pools,
because the readiness probes have a pool of their own."""


class Pool:
    """At most `size` connections, opened on demand. The one used most recently is reused first."""

    def __init__(
        self,
        where: Cell | str,
        *,
        size: int,
        application_name: str,
        timeouts: Timeouts,
        wait_seconds_max: float = 2.0,
        use_seconds_max: float = USE_SECONDS_MAX,
    ) -> None:
        """Set up the pool without opening a connection.

        Args:
            where: The cell, or the URL of the only database.
            size: The maximum number of connections.
            application_name: The name that PostgreSQL shows for them.
            timeouts: The time-outs of each connection.
            wait_seconds_max: How long a caller waits for a connection.
            use_seconds_max: A connection is cut after this long in use, unless its user asked for another time.
        """
        self._cell = Cell.of(where)
        self._application_name = application_name
        self._timeouts = timeouts
        self._wait_seconds_max = wait_seconds_max
        self._use_seconds_max = use_seconds_max
        self._idle: list[WatchedConnection] = []
        self._busy: set[WatchedConnection] = set()
        self._free_places = size
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self.size = size

    @property
    def busy(self) -> int:
        """The number of connections in use."""
        return self.size - self._free_places

    def obstruction(self, *, seconds_max: float) -> str | None:
        """Return what this database last refused for a reason that may last, if it was recent."""
        at, what = _obstructions.get(self._cell, (0.0, None))
        return what if what is not None and asyncio.get_running_loop().time() - at <= seconds_max else None

    @asynccontextmanager
    async def connection(self, *, use_seconds_max: float | None = None) -> AsyncIterator[WatchedConnection]:
        """Lend a connection. If it comes back inside a transaction, or broken, it is closed at once.

        A connection that is used for too long is cut, and its user gets ConnectionLost. PostgreSQL's own time-outs do
        not help if its answers are lost on the way and the network stays silent. Cutting sends no cancel request, so a
        COMMIT under way goes on at the server.

        Raises:
            ConnectionLost: if none becomes free in time, or the pool is closed.
        """
        if self._closed:
            raise ConnectionLost("the pool is closed")
        await self._take_place()
        connection: WatchedConnection | None = None
        alarm: asyncio.TimerHandle | None = None
        try:
            connection = self._idle_connection() or await self._open()
            self._busy.add(connection)
            alarm = asyncio.get_running_loop().call_later(
                self._use_seconds_max if use_seconds_max is None else use_seconds_max, connection.terminate
            )
            yield connection
        except (ConnectionLost, Obstructed, asyncio.CancelledError) as gone:
            # This also covers a server that is there but useless, such as a demoted primary, where a new connection may
            # fare better, and a user who was cancelled, whose statement may still be running.
            if connection is not None:
                connection.terminate()
            if isinstance(gone, Obstructed):
                _obstructions[self._cell] = asyncio.get_running_loop().time(), str(gone)
            raise
        finally:
            if alarm is not None:
                alarm.cancel()
            if connection is not None:
                self._give_back(connection)
            self._free_places += 1
            self._wake_one()

    async def close(self) -> None:
        """Cut every connection. Nothing is cancelled on the server, so a COMMIT under way goes on there."""
        self._closed = True
        for connection in [*self._idle, *self._busy]:
            connection.terminate()
        self._idle.clear()
        await asyncio.sleep(0)

    async def _take_place(self) -> None:
        if self._free_places > 0 and not self._waiters:
            self._free_places -= 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(self._wait_seconds_max):
                await waiter
        except (TimeoutError, asyncio.CancelledError) as gone:
            if waiter.done() and not waiter.cancelled():
                # The place was assigned just as this caller gave up, so it goes to someone else.
                self._free_places += 1
                self._wake_one()
            if isinstance(gone, TimeoutError):
                raise ConnectionLost("no database connection became free in time") from None
            raise

    def _wake_one(self) -> None:
        while self._waiters and self._free_places > 0:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._free_places -= 1
                waiter.set_result(None)

    def _idle_connection(self) -> WatchedConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_closed():
                continue
            if connection.is_at_home and time.monotonic() - connection.opened_at <= SESSION_SECONDS_MAX:
                return connection
            connection.terminate()
        return None

    async def _open(self) -> WatchedConnection:
        return await connect(self._cell, application_name=self._application_name, timeouts=self._timeouts)

    def _give_back(self, connection: WatchedConnection) -> None:
        self._busy.discard(connection)
        if connection.is_closed():
            return
        if self._closed or connection.is_in_transaction() or connection.warnings:
            connection.terminate()
        else:
            self._idle.append(connection)
