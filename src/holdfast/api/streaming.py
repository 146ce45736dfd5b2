"""Answers that go on: frames are sent as they come, until the stream ends or the client goes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from typing import Protocol

from holdfast.api.asgi import ClientGoneError, Receive, Scope, Send
from holdfast.api.corked_protocol import DIRECT, CorkedTransport

SEND_SECONDS_MAX = 10.0
"""A client that takes nothing for this long is cut off."""


class Stream(Protocol):
    """An answer that goes on."""

    def frames(self) -> AsyncIterator[bytes]:
        """Give the frames as they come; all of them, or those before and after `attach`."""
        ...

    def attach(self, sink: Callable[[bytes], bool]) -> bool:
        """Have further frames written by `sink`, which tells whether the client keeps up; False while some wait."""
        ...

    def stop(self) -> None:
        """End the stream soon: the client has gone."""
        ...


async def send_stream(stream: Stream, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the frames; returns when the stream has ended or the client has gone.

    Over HTTP/1.1 the frames are written to the connection directly once those that waited are sent: handing each one to
    each of thousands of waiting tasks took more time than everything else.

    Raises:
        ClientGoneError: when the client takes nothing any more.
    """
    direct: CorkedTransport | None = scope.get("extensions", {}).get(DIRECT)
    sink = None if direct is None or scope.get("http_version") != "1.1" else _chunks_into(direct)
    watcher = asyncio.create_task(_stop_when_gone(stream, receive))
    try:
        async for frame in stream.frames():
            async with asyncio.timeout(SEND_SECONDS_MAX):
                await send({"type": "http.response.body", "body": frame, "more_body": True})
            if sink is not None and stream.attach(sink):
                sink = None
        async with asyncio.timeout(SEND_SECONDS_MAX):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    except TimeoutError:
        raise ClientGoneError from None
    finally:
        watcher.cancel()
        stream.stop()


def _chunks_into(transport: CorkedTransport) -> Callable[[bytes], bool]:
    """Write frames as the HTTP server would: it sends an answer without a length in chunks."""
    write = transport.write_through
    return lambda frame: write(_chunk_of(frame))


@lru_cache(maxsize=16)
def _chunk_of(frame: bytes) -> bytes:
    """Make a chunk; thousands are sent the same frame one after another."""
    return b"%x\r\n%b\r\n" % (len(frame), frame)


async def _stop_when_gone(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.stop()
