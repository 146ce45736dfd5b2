"""The clients of a simulated node: readers that cache answers by entity tag, and pages with a stream."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import UUID

from chaos.reading.node import Node
from chaos.reading.told import Following, Frame, Told
from holdfast.application.failures import ConnectionLost
from holdfast.http.endpoints.answer import Answer
from holdfast.http.protocol.streaming import Stream

Pause = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """Take the next piece at once."""


@dataclass(slots=True)
class Reader:
    """Sends one request after another, and remembers the newest answer of each kind."""

    kept: dict[tuple[str, UUID | None], tuple[bytes, bytes]] = field(default_factory=dict)
    """Entity tag and body."""

    async def ask(
        self, node: Node, what: str, event: UUID | None, *, revalidates: bool, pause: Pause = at_once
    ) -> Told:
        """Send a request, with If-None-Match if something is cached; reads a long list piece by piece."""
        now = asyncio.get_running_loop().time
        asked = now()
        tag, kept = self.kept.get((what, event), (b"", b"")) if revalidates else (b"", b"")
        try:
            answer = await node.get(what, event, {"if-none-match": tag.decode()} if tag else {})
            body = await _whole_body(answer, pause)
        except ConnectionLost:
            return Told(what, event, asked, now(), 503)
        except Exception as failure:  # noqa: BLE001 - a 500, which is what is looked for
            return Told(what, event, asked, now(), 500, reason=repr(failure))
        given = dict(answer.headers)
        told = Told(
            what,
            event,
            asked,
            now(),
            answer.status,
            given.get(b"etag", b""),
            int(given.get(b"event-version", b"-1")),
            kept if answer.status == 304 else body,
        )
        if told.status == 200:
            self.kept[what, event] = told.tag, told.body
        return told


async def _whole_body(answer: Answer, pause: Pause) -> bytes:
    if answer.stream is None:
        return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    pieces = []
    async with aclosing(answer.stream.frames()) as frames:
        async for piece in frames:
            pieces.append(piece)
            await pause()
    return b"".join(pieces)


async def open_stream(node: Node, following: Following) -> Stream | None:
    """Open a page's stream, from where it left off; None if refused.

    Raises:
        Exception: whatever would be a 500.
    """
    headers = {"last-event-id": following.last_id} if following.last_id else {}
    return (await node.get("stream", following.event, headers)).stream


async def hear(
    stream: Stream, following: Following, *, attaches: Callable[[], bool] = lambda: False, pause: Pause = at_once
) -> None:
    """Read frames until the stream ends. Frames that are written directly, as a server does, arrive at once."""
    now = asyncio.get_running_loop().time

    def write_through(frame: bytes) -> bool:
        following.frames.append(frame_of(frame, now()))
        return True

    async with aclosing(stream.frames()) as frames:
        async for frame in frames:
            following.frames.append(frame_of(frame, now()))
            await pause()
            if attaches():
                stream.attach(write_through)


def frame_of(frame: bytes, came: float) -> Frame:
    """Parse a frame as a browser does: of two ids the last one counts."""
    if frame.startswith(b":"):
        return Frame("heartbeat", came)
    fields = dict(line.split(": ", 1) for line in frame.decode().strip().splitlines())
    data = json.loads(fields["data"])
    changes = tuple((place, code) for place, code in data.get("changes", ()))
    return Frame(fields["event"], came, fields.get("id", ""), data.get("version", -1), data.get("seats", -1), changes)
