"""Answers that go on: frames are sent as they come, until the stream ends or the client goes."""

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
        """Give the frames as they come; all of them, or those before and after `attach`."""
        ...

    def attach(self, sink: Callable[[bytes], bool]) -> bool:
        """Have further frames written by `sink`, which tells whether the client keeps up; False while some wait."""
        ...

    def stop(self) -> None:
        """End the stream soon: the client has gone."""
        ...


async def send_stream(stream: Stream, scope: Scope, send: Send) -> None:
    """Send the frames; returns when the stream has ended. When the client goes, the caller is cancelled.

    The frames are written to the connection directly once those that waited are sent: handing each one to each of
    thousands of waiting tasks took more time than everything else.

    Raises:
        ClientGoneError: when the client takes nothing any more.
    """
    direct: Exchange = scope["extensions"][DIRECT]
    try:
        # Closed at once when the client goes, wherever that finds us: what a stream holds it gives back in its end.
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
