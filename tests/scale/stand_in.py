"""A stand-in for a node: records every request and responds as the test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class StandIn:
    port: int = 0
    seen: list[dict[str, str]] = field(default_factory=list)
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    breaks: bool = False
    """Whether it closes the connection in place of an answer."""
    more: asyncio.Queue = field(default_factory=asyncio.Queue)
    """Further pieces of each answer; None ends it."""
    streams: bool = False
    server: asyncio.Server | None = None

    async def leave(self) -> None:
        """Listen no more."""
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {}
                for line in lines[1:]:
                    name, _, value = line.partition(": ")
                    headers.setdefault(name.lower(), value)
                length = int(headers.get("content-length", 0))
                body = await reader.readexactly(length)
                method, path, _ = lines[0].split()
                self.seen.append({**headers, "method": method, "path": path, "body_bytes": str(len(body))})
                if self.breaks:
                    return
                writer.write(self.answer)
                while self.streams and (piece := await self.more.get()) is not None:
                    writer.write(piece)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def stand_in() -> AsyncIterator[StandIn]:
    node = StandIn()
    server = node.server = await asyncio.start_server(node.serve, "127.0.0.1", 0, limit=2**25)
    node.port = server.sockets[0].getsockname()[1]
    try:
        yield node
    finally:
        server.close()
