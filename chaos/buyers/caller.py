"""A plain HTTP/1.1 caller over one kept-alive connection: no retries, no pool, nothing that could hide a failure."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

_encode = msgspec.json.Encoder().encode


class Target(NamedTuple):
    """Where an API node, or what stands in front of it, listens."""

    host: str
    port: int


class NotSentError(Exception):
    """No connection could be had: the request certainly had no effect."""


class NoAnswerError(Exception):
    """The request was sent, and the connection broke, or the time was over, before its answer had come."""


@dataclass(slots=True)
class HttpAnswer:
    """One answer; header names are in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:  # noqa: ANN401 - whatever the server said
        """Decode the body.

        Raises:
            msgspec.DecodeError: It is no JSON.
        """
        return msgspec.json.decode(self.body)

    @property
    def version(self) -> int:
        """`Event-Version`, -1 without one."""
        return int(self.headers.get("event-version", -1))


class Caller:
    """One connection, opened when it is needed and kept until the other side wants it closed."""

    def __init__(self, target: Target, *, seconds_max: float = 12.0) -> None:
        self.target = target
        self._seconds_max = seconds_max
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def call(
        self, method: str, path: str, body: object = None, *, user: str = "", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """Send one request and read its answer; `body` is encoded as JSON unless it is bytes.

        Raises:
            NotSentError: nothing was sent.
            NoAnswerError: it may have had its effect.
        """
        payload = b"" if body is None else body if isinstance(body, bytes) else _encode(body)
        lines = [f"{method} {path} HTTP/1.1", "Host: chaos", f"Content-Length: {len(payload)}"]
        if user:
            lines.append(f"X-User-ID: {user}")
        if payload:
            lines.append("Content-Type: application/json")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        reader, writer = await self._connection()
        try:
            async with asyncio.timeout(self._seconds_max):
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
                await writer.drain()
                answer = await _read_answer(reader)
        except (OSError, EOFError, TimeoutError, ValueError) as broken:
            self.close()
            raise NoAnswerError(repr(broken)) from broken
        except asyncio.CancelledError:
            self.close()
            raise
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Let go of the connection at once, also in the middle of an answer."""
        if self._streams is not None:
            self._streams[1].transport.abort()
        self._streams = None

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()  # closed while it was idle, and seen before anything was sent
        if self._streams is None:
            try:
                async with asyncio.timeout(3.0):
                    self._streams = await asyncio.open_connection(self.target.host, self.target.port, limit=2**22)
            except (OSError, TimeoutError) as refused:
                raise NotSentError(repr(refused)) from refused
        return self._streams


async def _read_answer(reader: asyncio.StreamReader) -> HttpAnswer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        if name:
            headers[name.lower()] = value.strip()
    status = int(head[0].split()[1])
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    elif headers.get("transfer-encoding") == "chunked":
        body = await _read_chunks(reader)
    else:
        body = b""
    return HttpAnswer(status, headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)
