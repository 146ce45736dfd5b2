"""Answers that go on: pieces are sent as they come, until the stream ends or the client goes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from holdfast.api.asgi import ClientGoneError, Receive, Send

SEND_SECONDS_MAX = 10.0
"""A client that takes nothing for this long is cut off."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The pieces of an answer that goes on, and how to end it."""

    pieces: AsyncIterator[bytes]
    stop: Callable[[], None]
    """Makes `pieces` end soon; called when the client has gone."""


async def send_stream(stream: Stream, receive: Receive, send: Send) -> None:
    """Send the pieces; returns when the stream has ended or the client has gone.

    Raises:
        ClientGoneError: when the client takes nothing any more.
    """
    watcher = asyncio.create_task(_stop_when_gone(stream, receive))
    try:
        async for piece in stream.pieces:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except TimeoutError:
        raise ClientGoneError from None
    finally:
        watcher.cancel()
        stream.stop()


async def _stop_when_gone(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.stop()
