"""The bytes that have arrived on a connection and have not been read yet."""

import asyncio

from holdfast.http.protocol.body import BodyReader

READ_AHEAD_BYTES = 64 * 1024
"""What may wait unread, besides one read of the socket, before reading is paused."""


class Inbound:
    """Keeps what has arrived until it is read, and makes the client wait while nobody reads."""

    __slots__ = ("_at", "_data", "_paused", "_transport", "closed")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._data = b""
        """Bytes that have arrived. Those from `_at` onwards have not been read."""
        self._at = 0
        self._paused = False
        self.closed = False
        """Whether the client has finished sending."""

    def __len__(self) -> int:
        """Return the number of unread bytes."""
        return len(self._data) - self._at

    def feed(self, data: bytes) -> None:
        """Take bytes that have arrived."""
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0

    def hold_back(self) -> None:
        """Stop reading from the socket while much is unread."""
        if len(self._data) - self._at > READ_AHEAD_BYTES and not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def take_head(self) -> bytes | None:
        """Return the bytes up to and including the next empty line; None if there is none."""
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
        """Return all unread bytes without taking them."""
        return self._data[self._at :]

    def skip_blank_line(self) -> bool:
        """Skip one empty line; return False if there is none."""
        if not self._data.startswith(b"\r\n", self._at):
            return False
        self._at += 2
        return True

    def read(self, body: BodyReader) -> bytes:
        """Read what has arrived of a body.

        Raises:
            RequestRefusedError: if it is malformed.
        """
        piece, self._at = body.read(self._data, self._at)
        if self._at == len(self._data):
            self._data, self._at = b"", 0
        if self._paused and len(self._data) - self._at <= READ_AHEAD_BYTES:
            self._go_on()
        return piece

    def drop(self) -> None:
        """Discard what is unread, and let more arrive: it will be discarded too."""
        self._data, self._at = b"", 0
        if self._paused:
            self._go_on()

    def _go_on(self) -> None:
        self._paused = False
        if not self._transport.is_closing():
            self._transport.resume_reading()
