"""A plain HTTP/1.1 caller over one kept-alive connection: no retries, no pool, nothing that could hide a failure."""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any


class CallFailed(Exception):
    """The connection broke after the request had been sent: no answer."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """One buyer's connection. It is opened when needed, and kept until the other side says `Connection: close`."""

    def __init__(self, port: int, user: str = "ann", host: str = "127.0.0.1") -> None:
        self.user = user
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request and read its answer; header names are written with underscores."""
        payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Host": "test", "X-User-ID": self.user, "Content-Length": str(len(payload))}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in given.items())
        return await self.exchange(head.encode() + b"\r\n" + payload)

    async def exchange(self, request: bytes) -> Answer:
        """Send bytes and read one answer."""
        reader, writer = await self._connection()
        try:
            writer.write(request)
            await writer.drain()
            answer = await _read_answer(reader)
        except (OSError, EOFError) as broken:
            self.close()
            raise CallFailed(repr(broken)) from broken
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()  # closed while it was idle and seen before anything was sent: no failure
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        return self._streams

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()


async def _read_answer(reader: asyncio.StreamReader) -> Answer:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name:
            headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(lines[0].split()[1]), headers, body)


async def until(condition, seconds: float = 20.0) -> None:
    """Wait until an async condition is true."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - it looks at other processes
            await asyncio.sleep(0.05)


async def answers_with(port: int, path: str, status: int) -> bool:
    """Whether a page answers with this status."""
    with contextlib.suppress(OSError, CallFailed):
        async with Caller(port) as caller:
            return (await caller.call("GET", path)).status == status
    return False
