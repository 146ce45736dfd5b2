"""The bytes that came on a connection and have not been read yet."""

import asyncio

from holdfast.http.protocol.body import BodyReader

READ_AHEAD_BYTES = 64 * 1024
"""What may wait unread, beside one read of the socket, before no more is read."""


class Inbound:
    """Holds what has come until somebody reads it, and the client back while nobody does."""

    __slots__ = ("_at", "_data", "_paused", "_transport", "closed")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._data = b""
        """Bytes that have come; from `_at` on they have not been read."""
        self._at = 0
        self._paused = False
        self.closed = False
        """Whether the client sends no more."""

    def __len__(self) -> int:
        """Bytes that wait."""
        return len(self._data) - self._at

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0

    def hold_back(self) -> None:
        """Read no more from the socket while much waits."""
        if len(self._data) - self._at > READ_AHEAD_BYTES and not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def take_head(self) -> bytes | None:
        """Give the bytes up to the next empty line, it included; None while there is none."""
        data, at = self._data, self._at
        end = data.find(b"\r\n\r\n", at) + 4
        if end < 4:
            return None
        if end == len(data):
            self._data, self._at = b"", 0
        else:
            self._at = end
        return data[at:end]

    def peek(self) -> bytes:
        """Look at all that waits."""
        return self._data[self._at :]

    def skip_blank_line(self) -> bool:
        """Pass over one empty line; False where there is none."""
        if not self._data.startswith(b"\r\n", self._at):
            return False
        self._at += 2
        return True

    def read(self, body: BodyReader) -> bytes:
        """Read what has come of a body.

        Raises:
            RequestRefusedError: it is none.
        """
        piece, self._at = body.read(self._data, self._at)
        if self._at == len(self._data):
            self._data, self._at = b"", 0
        if self._paused and len(self._data) - self._at <= READ_AHEAD_BYTES:
            self._go_on()
        return piece

    def drop(self) -> None:
        """Forget what waits, and read on: it is only thrown away from now on."""
        self._data, self._at = b"", 0
        if self._paused:
            self._go_on()

    def _go_on(self) -> None:
        self._paused = False
        if not self._transport.is_closing():
            self._transport.resume_reading()
