"""One connection over which bytes go as they stand: for what a well-behaved client hides or would never send.

A library opens a new connection where an old one broke, asks again, keeps to the protocol and puts answers together.
Whoever must know whether a request was sent at all, sends half a request, several at once or nonsense, or reads slowly,
uses this. For ordinary calls there is `holdfast.bench.clients.caller`.
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


class RawConnection:
    """A connection: what is sent on it and what comes back, neither repaired nor repeated.

    Nothing is read before it is asked for, so that a test can be a client that does not read.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take streams that are open; `open_raw` opens some."""
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
        """Whether the server was seen to end the connection, and all it said has been read."""
        return self.reader.at_eof()

    async def send(self, *segments: bytes, pauses: Sequence[float] = (), pause_seconds: float = 0.005) -> None:
        """Send each segment as a packet of its own, as far as the system keeps them apart.

        Args:
            segments: What to send.
            pauses: Seconds after each segment but the last; without them `pause_seconds` each.
            pause_seconds: Seconds between two segments.
        """
        for number, segment in enumerate(segments):
            if number:
                await asyncio.sleep(pauses[number - 1] if pauses else pause_seconds)
            self.writer.write(segment)
            await self.writer.drain()

    async def answer(self, *, to: str = "GET") -> Answer:
        """Read one answer to its end; what comes behind it stays for the next call.

        Without a length and without chunks the body is taken for empty: Holdfast never answers that way.

        Args:
            to: The method of the request: the answer to HEAD has no body, whatever its head says.

        Raises:
            EOFError: The connection ended before.
            OSError: It broke.
            ValueError: It is no answer.
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
        """Read the head of an answer; raises as `answer` does."""
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
        """Read the chunks of a body as they come, up to the last one; raises as `answer` does."""
        while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readuntil(b"\r\n")

    async def gather(self, data: bytearray, quiet_seconds: float) -> bool:
        """Read what comes until nothing has for a while; whether the server ended the connection.

        Args:
            data: Gets what came, also when the connection breaks.
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
        """Whether the server ends the connection without another byte."""
        try:
            async with asyncio.timeout(seconds):
                return await self.reader.read(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def abort(self) -> None:
        """Let go of the connection at once, also in the middle of an answer."""
        self.writer.transport.abort()


async def open_raw(address: tuple[str, int], *, seconds_max: float = _CONNECT_SECONDS_MAX) -> RawConnection:
    """Open a connection.

    Raises:
        OSError: None can be had in time (`TimeoutError` is one).
    """
    async with asyncio.timeout(seconds_max):
        return RawConnection(*await asyncio.open_connection(*address))


async def exchange(
    address: tuple[str, int], *segments: bytes, pause_seconds: float = 0.15, quiet_seconds: float = 1.5
) -> tuple[bytes, bool]:
    """Send segments over a connection of their own.

    Returns:
        Everything that came until it was quiet, and whether the other side closed the connection.
    """
    data = bytearray()
    async with await open_raw(address) as connection:
        try:
            with contextlib.suppress(OSError):  # refused already: what it said is still to be read
                await connection.send(*segments, pause_seconds=pause_seconds)
            closed = await connection.gather(data, quiet_seconds)
        except OSError:
            closed = True
    return bytes(data), closed


def statuses(reply: bytes) -> list[int]:
    """The status of each answer in what came back."""
    return [int(found) for found in _STATUS_LINE.findall(reply)]
