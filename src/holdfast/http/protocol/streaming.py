"""Streaming answers: frames are sent as they arise, until the stream ends or the client goes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

from holdfast.http.protocol.asgi import DIRECT, ClientGoneError, Scope, Send
from holdfast.http.protocol.exchange import Exchange

SEND_SECONDS_MAX = 10.0
"""A client that takes nothing for this long is cut off."""


class Stream(Protocol):
    """An answer that goes on."""

    def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield frames as they arise: all of them, or those that `attach` does not take."""
        ...

    def attach(self, sink: Callable[[bytes], bool]) -> bool:
        """Have `sink` write further frames; it returns whether the client keeps up. False while frames are waiting."""
        ...

    def stop(self) -> None:
        """End the stream soon, because the client has gone."""
        ...


async def send_stream(stream: Stream, scope: Scope, send: Send) -> None:
    """Send a stream's frames. Returns when the stream has ended; if the client goes, the caller is cancelled.

    Once the waiting frames have been sent, new ones are written to the connection directly. Passing each frame to
    thousands of waiting tasks took more time than everything else.

    Raises:
        ClientGoneError: if the client has stopped taking bytes.
    """
    direct: Exchange = scope["extensions"][DIRECT]
    try:
        # Close it at once if the client goes, wherever that happens: a stream releases what it holds when it ends.
        async with aclosing(stream.frames()) as frames:
            async for frame in frames:
                async with asyncio.timeout(SEND_SECONDS_MAX):
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
                direct.endless = direct.endless or stream.attach(direct.write_through)
        async with asyncio.timeout(SEND_SECONDS_MAX):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    except TimeoutError:
        raise ClientGoneError from None
    finally:
        stream.stop()
