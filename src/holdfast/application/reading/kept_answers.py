"""Responses built from a map, each built once for everyone who asks until the map changes."""

import asyncio
from collections.abc import Awaitable, Callable

from holdfast.domain.booking.snapshot import Mark


class KeptAnswers:
    """Caches one response of each kind, each for one state of the event."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Mark, bytes]] = {}
        self._making: dict[str, tuple[Mark, asyncio.Task[bytes]]] = {}

    def get(self, kind: str, mark: Mark) -> bytes | None:
        """Return the cached response for this state, if there is one."""
        kept = self._kept.get(kind)
        return kept[1] if kept is not None and kept[0] == mark else None

    def put(self, kind: str, mark: Mark, body: bytes) -> bytes:
        """Cache a response, replacing the one for an earlier state."""
        self._kept[kind] = mark, body
        return body

    async def made(self, kind: str, mark: Mark, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the cached response, or build it, once for everyone who asks in the meantime."""
        kept = self.get(kind, mark)
        if kept is not None:
            return kept
        making = self._making.get(kind)
        if making is None or making[0] != mark or making[1].done():
            making = self._making[kind] = mark, asyncio.create_task(self._make(kind, mark, make))
        return await asyncio.shield(making[1])

    async def _make(self, kind: str, mark: Mark, make: Callable[[], Awaitable[bytes]]) -> bytes:
        body = await make()
        making = self._making.get(kind)
        if making is not None and making[0] == mark:
            self.put(kind, mark, body)
            del self._making[kind]
        return body
