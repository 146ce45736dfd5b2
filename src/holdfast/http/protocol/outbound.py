"""The bytes going out on a connection, no faster than the client takes them."""

import asyncio

SLICE_BYTES = 64 * 1024
"""A long answer is passed to the transport in slices of this size, each when most of the one before has been taken.

The slices share the answer's own bytes: if forty clients ask for a large answer and read nothing, it is held only once.
"""
UNSENT_BYTES_MAX = 256 * 1024
"""How much may wait for a client that is written to without waiting."""


class Outbound:
    """Writes to a transport."""

    __slots__ = ("_loop", "_room", "_transport", "_written_bytes", "paused")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        transport.set_write_buffer_limits(high=SLICE_BYTES)
        self._transport = transport
        self._loop = loop
        self._room: asyncio.Future[None] | None = None
        """Set while a task waits until the client has taken what was written."""
        self._written_bytes = 0
        self.paused = False
        """Whether the client takes bytes more slowly than they are written."""

    @property
    def unsent_bytes(self) -> int:
        """The bytes that the client has not taken yet."""
        return self._transport.get_write_buffer_size()

    @property
    def taken_bytes(self) -> int:
        """The bytes that have been taken, at least by the kernel."""
        return self._written_bytes - self._transport.get_write_buffer_size()

    def write(self, data: bytes | memoryview) -> None:
        """Pass bytes to the transport, however many are waiting already."""
        self._written_bytes += len(data)
        self._transport.write(data)

    def write_through(self, data: bytes) -> bool:
        """Write a frame of an endless answer; return False if the client is too slow, or has gone."""
        transport = self._transport
        if transport.is_closing() or transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            return False
        self._written_bytes += len(data)
        transport.write(data)
        return True

    async def write_all(self, body: bytes) -> None:
        """Write bytes in slices, each when there is room for it. Returns when there is room for more."""
        view = memoryview(body)
        for start in range(0, len(body), SLICE_BYTES):
            if self.paused:
                await self._until_room()
            if self._transport.is_closing():
                return
            self.write(view[start : start + SLICE_BYTES])
        if self.paused:
            await self._until_room()

    def resume(self) -> None:
        """Continue: there is room, or nobody needs it any more."""
        self.paused = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    async def _until_room(self) -> None:
        self._room = self._loop.create_future()
        try:
            await self._room
        finally:
            self._room = None
