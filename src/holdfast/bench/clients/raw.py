"""One connection that sends bytes unchanged, for what an HTTP library hides or would never send.

A library reconnects, retries, follows the protocol and assembles responses. Use this to know whether a request was sent
at all, to send half a request, several at once or garbage, or to read slowly. For ordinary calls there is
`holdfast.bench.clients.caller`.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import msgspec

_CONNECT_SECONDS_MAX = 3.0
_READ_BYTES = 64 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_BODILESS = (204, 304)


@dataclass(slots=True)
class Answer:
    """One response; header names are in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """Decode the body.

        Raises:
            msgspec.DecodeError: It is not JSON.
        """
        return msgspec.json.decode(self.body)

    @property
    def version(self) -> int:
        """`Event-Version`, or -1 if there is none."""
        return int(self.headers.get("event-version", -1))


class RawConnection:
    """A connection that neither repairs nor repeats what is sent and received.

    It reads only when asked to, so that a test can be a client that does not read.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take streams that are already open, such as from `open_raw`."""
        self.reader = reader
        self.writer = writer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    @property
    def port(self) -> int:
        """The client's own port."""
        return int(self.writer.get_extra_info("sockname")[1])

    @property
    def over(self) -> bool:
        """Whether the server has closed the connection and everything it sent has been read."""
        return self.reader.at_eof()

    async def send(self, *segments: bytes, pauses: Sequence[float] = (), pause_seconds: float = 0.005) -> None:
        """Send each segment as a separate packet, if the system does not merge them.

        Args:
            segments: What to send.
            pauses: Seconds after each segment except the last; by default `pause_seconds` each.
            pause_seconds: Seconds between two segments.
        """
        for number, segment in enumerate(segments):
            if number:
                await asyncio.sleep(pauses[number - 1] if pauses else pause_seconds)
            self.writer.write(segment)
            await self.writer.drain()

    async def answer(self, *, to: str = "GET") -> Answer:
        """Read one whole response; bytes after it stay for the next call.

        Without a Content-Length and without chunks the body is taken as empty, since Holdfast never responds that way.

        Args:
            to: The method of the request: a response to HEAD has no body, whatever its headers say.

        Raises:
            EOFError: The connection was closed too early.
            OSError: The connection broke.
            ValueError: It is not an HTTP response.
        """
        answer = await self.head()
        if answer.status < 200 or answer.status in _BODILESS or to == "HEAD":
            return answer
        if "content-length" in answer.headers:
            answer.body = await self.reader.readexactly(int(answer.headers["content-length"]))
        elif answer.headers.get("transfer-encoding") == "chunked":
            answer.body = b"".join([chunk async for chunk in self.chunks()])
        return answer

    async def head(self) -> Answer:
        """Read the head of a response; raises as `answer` does."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise ValueError(str(error)) from None
        line, *fields = head[:-4].decode("latin-1").split("\r\n")
        named = (field_line.partition(":") for field_line in fields)
        headers = {name.lower(): value.strip() for name, _, value in named}
        try:
            return Answer(int(line.split(" ", 2)[1]), headers)
        except IndexError:
            raise ValueError(f"no status line: {line[:100]!r}") from None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the chunks of a body as they arrive, up to the last one; raises as `answer` does."""
        while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readuntil(b"\r\n")

    async def gather(self, data: bytearray, quiet_seconds: float) -> bool:
        """Read until nothing has arrived for a while; return whether the server closed the connection.

        Args:
            data: What arrived is appended to it, also when the connection breaks.
            quiet_seconds: How long to wait for more.

        Raises:
            OSError: The connection broke.
        """
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(quiet_seconds):
                    piece = await self.reader.read(_READ_BYTES)
                if not piece:
                    return True
                data += piece
        return False

    async def ended(self, seconds: float = 10.0) -> bool:
        """Return whether the server closes the connection without sending another byte."""
        try:
            async with asyncio.timeout(seconds):
                return await self.reader.read(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def abort(self) -> None:
        """Close the connection at once, even in the middle of a response."""
        self.writer.transport.abort()


async def open_raw(address: tuple[str, int], *, seconds_max: float = _CONNECT_SECONDS_MAX) -> RawConnection:
    """Open a connection.

    Raises:
        OSError: It could not be opened in time (`TimeoutError` is one).
    """
    async with asyncio.timeout(seconds_max):
        return RawConnection(*await asyncio.open_connection(*address))


async def exchange(
    address: tuple[str, int], *segments: bytes, pause_seconds: float = 0.15, quiet_seconds: float = 1.5
) -> tuple[bytes, bool]:
    """Send segments over a new connection.

    Returns:
        Everything that arrived until the connection was quiet, and whether the other side closed it.
    """
    data = bytearray()
    async with await open_raw(address) as connection:
        try:
            with contextlib.suppress(OSError):  # refused already; its response still has to be read
                await connection.send(*segments, pause_seconds=pause_seconds)
            closed = await connection.gather(data, quiet_seconds)
        except OSError:
            closed = True
    return bytes(data), closed


def statuses(reply: bytes) -> list[int]:
    """Return the status of each response in the bytes."""
    return [int(found) for found in _STATUS_LINE.findall(reply)]
