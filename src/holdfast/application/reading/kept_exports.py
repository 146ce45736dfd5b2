"""Halls in the formats of others: each is written once for everyone who asks, and cached.

Writing the largest halls takes seconds, and everybody may ask for the hall of a published event. When each request
wrote it anew, a dozen of them kept a node busy for a minute.
"""

import asyncio
from collections.abc import Awaitable, Callable

from holdfast.application.failures import Unavailable
from holdfast.application.least_recently_used import LeastRecentlyUsed

KEPT_BYTES_MAX = 32 * 1024 * 1024
"""The size of all cached documents together. A larger one is kept alone, until the next one."""
WAITING_MAX = 16
"""Documents that wait to be written; further ones get 503."""


class KeptExports:
    """Caches documents by what they are written from. One is written at a time; the least recently used go first."""

    def __init__(self) -> None:
        self._kept: LeastRecentlyUsed[str, bytes] = LeastRecentlyUsed(len, bytes_max=KEPT_BYTES_MAX, latest_stays=True)
        self._writing: dict[str, asyncio.Task[bytes]] = {}
        self._turns = asyncio.Lock()

    async def written(self, name: str, write: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return a document, and write it unless it is cached or being written.

        Args:
            name: Names the format and everything that the document is written from.
            write: Writes it. It is finished even if everybody who asked has gone.

        Raises:
            Unavailable: Too many others wait to be written.
        """
        kept = self._kept.get(name)
        if kept is not None:
            self._kept.touch(name)
            return kept
        writing = self._writing.get(name)
        if writing is None:
            if len(self._writing) >= WAITING_MAX:
                raise Unavailable("Too many halls are being written in other formats.", outcome="none")
            writing = self._writing[name] = asyncio.create_task(self._write(name, write))
            writing.add_done_callback(lambda done: self._finished(name, done))
        return await asyncio.shield(writing)

    async def _write(self, name: str, write: Callable[[], Awaitable[bytes]]) -> bytes:
        async with self._turns:
            document = await write()
        self._kept.put(name, document)
        return document

    def _finished(self, name: str, writing: "asyncio.Task[bytes]") -> None:
        del self._writing[name]
        if not writing.cancelled():
            writing.exception()  # those who asked may have gone
