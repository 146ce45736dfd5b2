"""One stream of an event's changes, read the way a browser reads it."""

import asyncio
import json
from types import TracebackType
from typing import Self

from chaos.buyers.caller import Target
from chaos.buyers.client import BASE
from holdfast.bench.clients.raw import RawConnection, open_raw

OPEN_SECONDS_MAX = 15.0


class Stream:
    """What one listener has heard. Open it with `async with`; it reads in the background until it is closed or ends."""

    def __init__(self, target: Target, event: str, *, last_id: str = "") -> None:
        self.kinds: list[str] = []
        """The event names of its frames, in order of arrival; a heartbeat is `heartbeat`."""
        self.versions: list[int] = []
        """The versions of the event that it was sent."""
        self.last_id = last_id
        """What a browser would send as Last-Event-ID."""
        self.status = 0
        self.ended = False
        self._target = target
        self.event = event
        self._task: asyncio.Task[None] | None = None
        self._connection: RawConnection | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()

    @property
    def version(self) -> int:
        """The newest version that it was sent; -1: none yet."""
        return self.versions[-1] if self.versions else -1

    @property
    def must_reload(self) -> bool:
        """Whether it was told to reload."""
        return self.ended or "reload" in self.kinds

    async def open(self) -> None:
        """Request the stream and start reading it.

        Raises:
            OSError: No connection can be opened.
        """
        connection = self._connection = await open_raw(self._target, seconds_max=OPEN_SECONDS_MAX)
        lines = [f"GET {BASE}/events/{self.event}/changes HTTP/1.1", "Host: chaos", "Accept: text/event-stream"]
        lines += [f"Last-Event-ID: {self.last_id}"] if self.last_id else []
        connection.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        self._task = asyncio.create_task(self._follow(connection))

    async def leave(self) -> None:
        """Disconnect at once."""
        if self._connection is not None:
            self._connection.abort()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def hears(self, version: int, seconds: float) -> bool:
        """Wait until it has been sent a version, or told to reload."""
        try:
            async with asyncio.timeout(seconds):
                while not (self.version >= version or self.must_reload):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def _follow(self, connection: RawConnection) -> None:
        text = b""
        try:
            self.status = (await connection.head()).status
            async for chunk in connection.chunks():
                text += chunk
                *frames, text = text.split(b"\n\n")
                for frame in frames:
                    self._hear(frame.decode())
        except (OSError, EOFError, ValueError):
            pass  # the connection broke, or this was not a stream; either way it has ended
        finally:
            self.ended = True
            self._news.set()

    def _hear(self, frame: str) -> None:
        fields = dict(line.partition(": ")[::2] for line in frame.splitlines() if not line.startswith(":"))
        self.kinds.append(fields.get("event", "heartbeat"))
        self.last_id = fields.get("id", self.last_id)
        told = json.loads(fields.get("data", "{}"))
        if "version" in told:
            self.versions.append(told["version"])
        self._news.set()
