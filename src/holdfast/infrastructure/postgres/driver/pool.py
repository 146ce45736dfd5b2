"""A small pool of connections that are kept as they are between uses: no reset, no ping.

A general pool resets a connection whenever it is given back, which cost 330 µs a batch.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.application.failures import ConnectionLost, Obstructed
from holdfast.infrastructure.postgres.driver.connection import Timeouts, WatchedConnection, connect

USE_SECONDS_MAX = 60.0
"""Longer than any statement may take, bulk ones too."""
SHORT_USE_SECONDS_MAX = 7.0
"""For reads of a few rows: longer than their statement may take."""
SESSION_SECONDS_MAX = 600.0
"""A connection that is older is not lent again. Settings of the role or the database that were taken back stay in
sessions that are open: one that was opened while `synchronous_commit` was off would go on without it for good."""

_obstructions: dict[str, tuple[float, str]] = {}
"""When a database last said what may last, and what, by its URL: whoever looks at readiness has a pool of their own."""


class Pool:
    """At most `size` connections, opened when first needed; the one used last is used next."""

    def __init__(
        self,
        database_url: str,
        *,
        size: int,
        application_name: str,
        timeouts: Timeouts,
        wait_seconds_max: float = 2.0,
        use_seconds_max: float = USE_SECONDS_MAX,
    ) -> None:
        """Name everything; nothing is opened yet.

        Args:
            database_url: Where.
            size: How many connections there may be.
            application_name: As PostgreSQL shows it.
            timeouts: Of each connection.
            wait_seconds_max: How long one waits for a connection.
            use_seconds_max: After this long in use a connection is cut, unless its user said otherwise.
        """
        self._database_url = database_url
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
        """How many connections are in use."""
        return self.size - self._free_places

    def obstruction(self, *, seconds_max: float) -> str | None:
        """Tell what this process was last refused by this database for a reason that may last, if not long ago."""
        at, what = _obstructions.get(self._database_url, (0.0, None))
        return what if what is not None and asyncio.get_running_loop().time() - at <= seconds_max else None

    @asynccontextmanager
    async def connection(self, *, use_seconds_max: float | None = None) -> AsyncIterator[WatchedConnection]:
        """Lend a connection. One that is left inside a transaction, or is broken, is closed at once.

        A connection that is used for too long is cut: its user gets ConnectionLost. PostgreSQL's own time-outs do not
        help where its answers are lost on the way and the network says nothing. Cutting sends no cancel request, so a
        COMMIT under way goes on at the server.

        Raises:
            ConnectionLost: when none can be had in time, or the pool is closed.
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
            # Also where the server is still there but of no use, as a standby that was a primary; where a fresh
            # connection may fare better; and where its user was cancelled, whose statement may still be under way.
            if connection is not None:
                connection.terminate()
            if isinstance(gone, Obstructed):
                _obstructions[self._database_url] = asyncio.get_running_loop().time(), str(gone)
            raise
        finally:
            if alarm is not None:
                alarm.cancel()
            if connection is not None:
                self._give_back(connection)
            self._free_places += 1
            self._wake_one()

    async def close(self) -> None:
        """Cut every connection. Nothing is cancelled on the server: a COMMIT under way goes on there."""
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
                # The place was given at the very moment of giving up: somebody else shall have it.
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
            if time.monotonic() - connection.opened_at <= SESSION_SECONDS_MAX:
                return connection
            connection.terminate()
        return None

    async def _open(self) -> WatchedConnection:
        return await connect(self._database_url, application_name=self._application_name, timeouts=self._timeouts)

    def _give_back(self, connection: WatchedConnection) -> None:
        self._busy.discard(connection)
        if connection.is_closed():
            return
        if self._closed or connection.is_in_transaction() or connection.warnings:
            connection.terminate()
        else:
            self._idle.append(connection)
