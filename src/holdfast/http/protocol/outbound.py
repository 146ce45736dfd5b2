"""The bytes that go out on a connection, no quicker than the client takes them."""

import asyncio

SLICE_BYTES = 64 * 1024
"""A long answer is handed to the transport in slices of this, each when the one before has mostly been taken.

They share the answer's own bytes: forty clients that ask for one large answer and read nothing hold it once.
"""
UNSENT_BYTES_MAX = 256 * 1024
"""What may wait for a client that is written to without waiting."""


class Outbound:
    """Writes to a transport."""

    __slots__ = ("_loop", "_room", "_transport", "_written_bytes", "paused")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        transport.set_write_buffer_limits(high=SLICE_BYTES)
        self._transport = transport
        self._loop = loop
        self._room: asyncio.Future[None] | None = None
        """Somebody waits until the client has taken what was written."""
        self._written_bytes = 0
        self.paused = False
        """Whether the client takes bytes more slowly than they are made."""

    @property
    def unsent_bytes(self) -> int:
        """What waits for the client to take it."""
        return self._transport.get_write_buffer_size()

    @property
    def taken_bytes(self) -> int:
        """What has been taken off our hands, at least by the kernel."""
        return self._written_bytes - self._transport.get_write_buffer_size()

    def write(self, data: bytes | memoryview) -> None:
        """Hand bytes to the transport, however many wait already."""
        self._written_bytes += len(data)
        self._transport.write(data)

    def write_through(self, data: bytes) -> bool:
        """Write a frame of an endless answer; False where the client does not keep up, or has gone."""
        transport = self._transport
        if transport.is_closing() or transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            return False
        self._written_bytes += len(data)
        transport.write(data)
        return True

    async def write_all(self, body: bytes) -> None:
        """Write bytes in slices, each when there is room for it; returns when there is room for more."""
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
        """There is room, or nobody needs it any more."""
        self.paused = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    async def _until_room(self) -> None:
        self._room = self._loop.create_future()
        try:
            await self._room
        finally:
            self._room = None
