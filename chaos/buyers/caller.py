"""A buyer's caller over one kept-alive raw connection: it always knows whether a request may have had its effect."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from holdfast.bench.clients.raw import Answer, RawConnection, open_raw

_encode = msgspec.json.Encoder().encode


class Target(NamedTuple):
    """Where an API node, or what stands in front of it, listens."""

    host: str
    port: int


class NotSentError(Exception):
    """No connection could be had: the request certainly had no effect."""


class NoAnswerError(Exception):
    """The request was sent, and the connection broke, or the time was over, before its answer had come."""


class Caller:
    """One connection, opened when it is needed and kept until the other side wants it closed."""

    def __init__(self, target: Target, *, seconds_max: float = 12.0) -> None:
        self.target = target
        self._seconds_max = seconds_max
        self._connection: RawConnection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def call(
        self, method: str, path: str, body: object = None, *, user: str = "", headers: Mapping[str, str] | None = None
    ) -> Answer:
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
        return await self.exchange("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)

    async def exchange(self, request: bytes) -> Answer:
        """Send a whole request as it stands and read its answer; raises as `call` does."""
        connection = await self._opened()
        try:
            async with asyncio.timeout(self._seconds_max):
                await connection.send(request)
                answer = await connection.answer()
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
        if self._connection is not None:
            self._connection.abort()
        self._connection = None

    async def _opened(self) -> RawConnection:
        if self._connection is not None and self._connection.over:
            self.close()  # closed while it was idle, and seen before anything was sent
        if self._connection is None:
            try:
                self._connection = await open_raw(self.target)
            except (OSError, TimeoutError) as refused:
                raise NotSentError(repr(refused)) from refused
        return self._connection
