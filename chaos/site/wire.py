"""A TCP proxy between a client and a server that can be cut, silenced, slowed down, or broken at a COMMIT."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias

from chaos.buyers.caller import Target
from chaos.site.refusals import Refusal

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
_CANCEL = struct.pack("!ii", 16, 80877102)
_CHUNK_BYTES = 65_536


class _CutError(Exception):
    pass


class Wire:
    """Forwards TCP connections to a server, and misbehaves according to its attributes."""

    def __init__(self, server: Target) -> None:
        self.server = server
        """Where new connections go; may be changed."""
        self.here = Target("127.0.0.1", 0)
        self.delay_seconds = 0.0
        self.chunk_bytes = _CHUNK_BYTES
        """Replies are forwarded in pieces of at most this size."""
        self.cuts: dict[Literal["request", "reply"], int] = {"request": 0, "reply": 0}
        """How many more COMMITs, or replies to them, will be lost."""
        self.commits = 0
        self.cancel_requests = 0
        self.cut_commits = 0
        self.refusal: Refusal | None = None
        """How new connections are refused; None: they are not."""
        self.refusal_after_cut: Refusal | None = None
        """Takes effect with the next COMMIT that is cut, before anybody can reconnect."""
        self.silent_after_cut = False
        """The next COMMIT that is cut also silences the wire, until `speak` is called."""
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._lines: set[asyncio.Task[None]] = set()

    def silence(self) -> None:
        """Forward nothing any more, like a network partition; connections stay open and new ones are accepted."""
        self._flowing.clear()

    def speak(self) -> None:
        """Forward again, starting with what has been held back."""
        self._flowing.set()

    async def cut_all(self) -> None:
        """Reset every connection."""
        for line in list(self._lines):
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        task.add_done_callback(self._lines.discard)
        server: Streams | None = None
        ways: list[asyncio.Task[None]] = []
        try:
            await self._flowing.wait()
            if self.refusal is not None:
                await self.refusal(reader, writer)
                return
            server = await asyncio.open_connection(self.server.host, self.server.port)
            lost_reply = asyncio.Event()
            ways = [
                asyncio.create_task(self._requests(reader, server[1], lost_reply)),
                asyncio.create_task(self._replies(server[0], writer, lost_reply)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except (OSError, asyncio.CancelledError):
            pass  # the client sees its connection reset
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, *(() if server is None else (server[1],))):
                _reset(end)

    async def _requests(
        self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter, lost_reply: asyncio.Event
    ) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            await self._flowing.wait()
            self.cancel_requests += data.startswith(_CANCEL)
            if _COMMIT in data:
                self.commits += 1
                if self.cuts["request"] > 0:
                    self.cuts["request"] -= 1
                    self._note_cut()
                    raise _CutError
                if self.cuts["reply"] > 0:
                    self.cuts["reply"] -= 1
                    self._note_cut()
                    lost_reply.set()
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            to_server.write(data)
            await to_server.drain()

    def _note_cut(self) -> None:
        self.cut_commits += 1
        if self.refusal_after_cut is not None:
            self.refusal, self.refusal_after_cut = self.refusal_after_cut, None
        if self.silent_after_cut:
            self.silent_after_cut = False
            self.silence()

    async def _replies(
        self, reader: asyncio.StreamReader, to_client: asyncio.StreamWriter, lost_reply: asyncio.Event
    ) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            await self._flowing.wait()
            if lost_reply.is_set():
                raise _CutError
            for start in range(0, len(data), self.chunk_bytes):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds / 4)
                to_client.write(data[start : start + self.chunk_bytes])
                await to_client.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        peer = writer.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def wire_to(server: Target) -> AsyncIterator[Wire]:
    """Open a wire to a server."""
    wire = Wire(server)
    listener = await asyncio.start_server(wire.forward, "127.0.0.1")
    wire.here = Target("127.0.0.1", listener.sockets[0].getsockname()[1])
    try:
        yield wire
    finally:
        listener.close()
        wire.speak()
        await wire.cut_all()
        await listener.wait_closed()
