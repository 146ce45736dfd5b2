"""The cable between browsers and a house, which can be pulled out and plugged in again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from pages.house import House


class Cable:
    """Forwards connections to a house while it is plugged in."""

    def __init__(self, house: House) -> None:
        self._target = urlsplit(house.origin)
        self._plugged = True
        self._loses_answers = False
        self._streams: set[asyncio.StreamWriter] = set()

    def pull(self) -> None:
        """Break all connections, and refuse new ones."""
        self._plugged = False
        for stream in self._streams:
            stream.transport.abort()

    def lose_answers(self) -> None:
        """Let requests through, but break each connection on which something comes back."""
        self._loses_answers = True

    def plug_in(self) -> None:
        """Let new connections through, and what comes back."""
        self._plugged, self._loses_answers = True, False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection."""
        if not self._plugged:
            writer.transport.abort()
            return
        back_reader, back_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        ends = {writer, back_writer}
        self._streams |= ends
        try:
            await asyncio.gather(self._pump(reader, back_writer), self._pump(back_reader, writer, coming_back=True))
        finally:
            self._streams -= ends
            for end in ends:
                end.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, coming_back: bool = False
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(64 * 1024):
                if coming_back and self._loses_answers:
                    writer.transport.abort()
                    return
                writer.write(piece)
                await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()


@asynccontextmanager
async def cable_to(house: House) -> AsyncIterator[tuple[Cable, House]]:
    """Lay a cable; returns it, and the house as it is found at its other end."""
    cable = Cable(house)
    server = await asyncio.start_server(cable.serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield cable, replace(house, origin=f"http://127.0.0.1:{port}")
    finally:
        server.close()
        cable.pull()
