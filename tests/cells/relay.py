"""Stands between Holdfast and the database of a cell, which can go away or hang."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit


class Relay:
    """Passes on bytes. `url` is the database's, through here."""

    def __init__(self, database_url: str) -> None:
        self._target = urlsplit(database_url)
        self._lines: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._away = False
        self.url = ""

    async def go_away(self) -> None:
        """Cut every connection, and whoever connects, until `come_back`."""
        self._away = True
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def hang(self) -> None:
        """Accept connections and answer nothing, until `come_back`."""
        self._flows.clear()

    def come_back(self) -> None:
        """Work again."""
        self._away = False
        self._flows.set()

    async def line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._away:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        self._lines.add(task)
        server = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            await asyncio.gather(self._pass(reader, server[1]), self._pass(server[0], writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._lines.discard(task)
            writer.transport.abort()
            server[1].transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


@asynccontextmanager
async def relay_to(database_url: str) -> AsyncIterator[Relay]:
    relay = Relay(database_url)
    server = await asyncio.start_server(relay.line, "127.0.0.1", 0)
    parts = urlsplit(database_url)
    place = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    relay.url = urlunsplit(parts._replace(netloc=place))
    try:
        yield relay
    finally:
        server.close()
        relay.come_back()
        await relay.go_away()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 1)
