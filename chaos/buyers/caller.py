"""A client over one keep-alive connection that always knows whether a failed request may have taken effect."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from holdfast.bench.clients.raw import Answer, RawConnection, open_raw

_encode = msgspec.json.Encoder().encode


class Target(NamedTuple):
    """The address of an API node, or of the proxy in front of it."""

    host: str
    port: int


class NotSentError(Exception):
    """No connection could be opened, so the request certainly had no effect."""


class NoAnswerError(Exception):
    """The request was sent, but the connection broke or timed out before the answer arrived."""


class Caller:
    """One connection, opened on demand and kept until the other side asks to close it."""

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
            NoAnswerError: it may have taken effect.
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
        """Send a complete request as given and read its answer; raises as `call` does."""
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
        """Close the connection at once, even in the middle of an answer."""
        if self._connection is not None:
            self._connection.abort()
        self._connection = None

    async def _opened(self) -> RawConnection:
        if self._connection is not None and self._connection.over:
            self.close()  # closed while it was idle; noticed before anything was sent
        if self._connection is None:
            try:
                self._connection = await open_raw(self.target)
            except (OSError, TimeoutError) as refused:
                raise NotSentError(repr(refused)) from refused
        return self._connection
