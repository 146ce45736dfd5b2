"""Parses the body of a request strictly: where it ends, the next request begins.

A body is read piece by piece on demand, and nothing is read ahead. The readers do no I/O.
"""

import re
from typing import Protocol

from holdfast.http.protocol.head import FIELDS_MAX, read_field
from holdfast.http.protocol.refusal import FIELDS_TOO_LARGE, RequestRefusedError, malformed

PIECE_CHUNKS_MAX = 500
"""Chunks read before other requests get their turn: about 0.3 ms."""
CHUNKS_MAX = 100_000
"""Chunks in one body. A client that sends each byte in its own chunk makes us work a hundred times as hard."""
SIZE_LINE_BYTES_MAX = 1024
"""The size of the line before a chunk, including its extensions, which nobody uses."""
EXTENSION_BYTES_MAX = 16 * 1024
"""The size of all extensions of a body together."""
TRAILER_BYTES_MAX = 8 * 1024

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(;[\t\x20-\x7e\x80-\xff]*+)?\r\n")
_SIZE_LINE_START = re.compile(rb"(?:[0-9A-Fa-f]{1,15}(?:;[\t\x20-\x7e\x80-\xff]*+)?\r?)?")
_TRAILER_START = re.compile(rb"(?:[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\r\n]|\r\n|\r\Z)*+")

_NO_CHUNK = "A chunk does not begin with its size in hexadecimal digits."


class BodyReader(Protocol):
    """Parses one body."""

    complete: bool

    def read(self, data: bytes, start: int) -> tuple[bytes, int]:
        """Continue at `start` of `data`; return a piece of the body, which may be empty, and where reading stopped.

        Raises:
            RequestRefusedError: if the body is malformed.
        """
        ...


class LengthBody:
    """A body of known length."""

    __slots__ = ("complete", "left")

    def __init__(self, length: int) -> None:
        self.left = length
        self.complete = length == 0

    def read(self, data: bytes, start: int) -> tuple[bytes, int]:
        """Continue reading (see `BodyReader`)."""
        end = start + self.left
        piece = data[start:end]
        self.left -= len(piece)
        self.complete = not self.left
        return piece, start + len(piece)


class ChunkedBody:
    """A body in chunks. Extensions and trailer fields are checked and dropped; none becomes a header."""

    __slots__ = ("_chunk_left", "_chunks", "_extension_bytes", "_in_chunk", "_in_trailer", "complete")

    def __init__(self) -> None:
        self.complete = False
        self._chunk_left = 0
        self._in_chunk = False
        """Whether the reader is between a chunk's size and the line break after the chunk."""
        self._in_trailer = False
        self._chunks = 0
        self._extension_bytes = 0

    def read(self, data: bytes, start: int) -> tuple[bytes, int]:
        """Continue reading (see `BodyReader`)."""
        pieces: list[bytes] = []
        at = start
        for _ in range(PIECE_CHUNKS_MAX):
            before = at
            if self._in_trailer:
                at = self._read_trailer(data, at)
                break
            if not self._in_chunk:
                at = self._read_size(data, at)
            if self._in_chunk:
                at = self._read_chunk(data, at, pieces)
            if at == before or at == len(data):
                break
        return b"".join(pieces), at

    def _read_size(self, data: bytes, at: int) -> int:
        line = _SIZE_LINE.match(data, at, at + SIZE_LINE_BYTES_MAX)
        if line is None:
            start = data[at : at + SIZE_LINE_BYTES_MAX]
            if len(start) == SIZE_LINE_BYTES_MAX or not _SIZE_LINE_START.fullmatch(start):
                raise malformed(_NO_CHUNK)
            return at
        self._chunks += 1
        if line[2] is not None:
            self._extension_bytes += len(line[2])
        if self._chunks > CHUNKS_MAX or self._extension_bytes > EXTENSION_BYTES_MAX:
            raise malformed("The body is cut into too many chunks, or they have too many extensions.")
        self._chunk_left = int(line[1], 16)
        self._in_chunk = self._chunk_left > 0
        self._in_trailer = not self._in_chunk
        return line.end()

    def _read_chunk(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        if self._chunk_left:
            piece = data[at : at + self._chunk_left]
            if piece:
                pieces.append(piece)
            self._chunk_left -= len(piece)
            at += len(piece)
            if self._chunk_left:
                return at
        end = data[at : at + 2]
        if end == b"\r\n":
            self._in_chunk = False
            return at + 2
        if end not in (b"", b"\r"):
            raise malformed("A chunk is longer than its size says.")
        return at

    def _read_trailer(self, data: bytes, at: int) -> int:
        if data.startswith(b"\r\n", at):
            self.complete = True
            return at + 2
        end = data.find(b"\r\n\r\n", at, at + TRAILER_BYTES_MAX)
        if end < 0:
            if len(data) - at >= TRAILER_BYTES_MAX:
                raise RequestRefusedError(
                    FIELDS_TOO_LARGE, f"The trailer fields may have at most {TRAILER_BYTES_MAX} bytes."
                )
            if not _TRAILER_START.fullmatch(data, at):
                raise malformed("There is something else than trailer fields behind the last chunk.")
            return at
        lines = data[at:end].split(b"\r\n")
        for line in lines:
            read_field(line)
        if len(lines) > FIELDS_MAX:
            raise RequestRefusedError(FIELDS_TOO_LARGE, f"A request may have at most {FIELDS_MAX} trailer fields.")
        self.complete = True
        return end + 4
