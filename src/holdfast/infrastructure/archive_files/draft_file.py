"""A compressed file that is being written, and one that is read, line by line."""

import asyncio
import hashlib
import os
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from holdfast.application.upkeep.archive.ports import StoredFile
from holdfast.application.upkeep.archive.refusals import FileDamagedError, FileMissingError, TargetAwayError

SUFFIX = ".jsonl.gz"
_LEVEL = 3
"""Of zlib. Level 6 takes three times as long for a sixth less."""
_GZIP_BITS = 31
"""zlib's word for gzip with the largest window. Its header has neither a time nor a name."""
_PORTION_BYTES = 1024 * 1024
_LINE_BYTES_MAX = 256 * 1024 * 1024
"""An entry of the log that names a million seats takes 39 MB."""


class DraftFile:
    """Writes compressed lines to a file. That is done in threads, because the worker has holds to expire."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_BITS)
        self._digest = hashlib.sha256()
        self._size_bytes = 0

    async def write(self, lines: bytes) -> None:
        """Compress and append lines.

        Raises:
            TargetAwayError: if they cannot be written.
        """
        await self._in_thread(self._append, lines)

    async def end(self, stem: str) -> StoredFile:
        """Write what is left and make it durable; return the file's name, digest and size."""
        await self._in_thread(self._finish)
        digest = self._digest.digest()
        return StoredFile(f"{stem}-{digest.hex()[:16]}{SUFFIX}", digest, self._size_bytes)

    def _append(self, lines: bytes) -> None:
        self._put(self._compressor.compress(lines))

    def _finish(self) -> None:
        self._put(self._compressor.flush())
        self._file.flush()
        os.fsync(self._file.fileno())

    def _put(self, compressed: bytes) -> None:
        self._digest.update(compressed)
        self._size_bytes += len(compressed)
        self._file.write(compressed)

    async def _in_thread(self, work: Callable[..., None], *arguments: bytes) -> None:
        try:
            await asyncio.to_thread(work, *arguments)
        except OSError as error:
            raise TargetAwayError(f"an archive's file cannot be written: {error.strerror or error}") from error


class LocalFile:
    """A file of an archive on this machine's disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def check(self, wanted: StoredFile) -> None:
        """Compare its size and digest with those that were stored.

        Raises:
            FileMissingError, FileDamagedError, TargetAwayError: what the names say.
        """
        try:
            size_bytes, sha256 = await asyncio.to_thread(_size_and_digest, self._path)
        except FileNotFoundError:
            raise FileMissingError(wanted.name) from None
        except OSError as error:
            raise TargetAwayError(f"{wanted.name} cannot be read: {error.strerror or error}") from error
        if size_bytes != wanted.size_bytes:
            raise FileDamagedError(f"the file {wanted.name} has {size_bytes:,} bytes instead of {wanted.size_bytes:,}")
        if sha256 != wanted.sha256:
            raise FileDamagedError(f"the file {wanted.name} is not what was stored: its SHA-256 is another")

    async def portions(self) -> AsyncIterator[Sequence[bytes]]:
        """Decompress it and yield its lines, about a megabyte at a time."""
        decompressor = zlib.decompressobj(_GZIP_BITS)
        with await asyncio.to_thread(self._path.open, "rb") as file:
            rest = b""
            while not decompressor.eof:
                text = await asyncio.to_thread(_next_text, decompressor, file)
                if not text and not decompressor.eof:
                    raise FileDamagedError("the file ends too early")
                *lines, rest = (rest + text).splitlines(keepends=True) or [b""]
                if rest.endswith(b"\n"):
                    lines.append(rest)
                    rest = b""
                if len(rest) > _LINE_BYTES_MAX:
                    raise FileDamagedError("the file has a line that is too long to be of an archive")
                yield lines
            if rest or decompressor.unused_data or await asyncio.to_thread(file.read, 1):
                raise FileDamagedError("the file does not end with its last line")


def _next_text(decompressor: "zlib._Decompress", file: BinaryIO) -> bytes:
    try:
        compressed = decompressor.unconsumed_tail or file.read(_PORTION_BYTES // 4)
        return decompressor.decompress(compressed, _PORTION_BYTES)
    except zlib.error:
        raise FileDamagedError("the file is not a whole gzip file") from None


def _size_and_digest(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return os.fstat(file.fileno()).st_size, digest.digest()
