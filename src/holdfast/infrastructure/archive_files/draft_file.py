"""A compressed file that is being written, and one that is read, line by line."""

import asyncio
import hashlib
import os
import stat
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from holdfast.application.upkeep.archive.ports import StoredFile
from holdfast.application.upkeep.archive.refusals import FileDamagedError, FileMissingError, TargetAwayError

SUFFIX = ".jsonl.gz"
LEFT_BEHIND_SECONDS = 24 * 3600.0
"""What has been temporary for this long is of a process that was killed."""
_LEVEL = 3
"""Of zlib. Level 6 takes three times as long for a sixth less."""
_GZIP_BITS = 31
"""zlib's word for gzip with the largest window. Its header has neither a time nor a name."""
_PORTION_BYTES = 1024 * 1024
_LINE_BYTES_MAX = 256 * 1024 * 1024
"""An entry of the log that names a million seats takes 39 MB."""


class DraftFile:
    """Writes compressed lines to a file. That is done in threads, because the worker has holds to expire."""

    def __init__(self, file: BinaryIO, place: str, store: Callable[[StoredFile], Awaitable[None]]) -> None:
        """Begin a file.

        Args:
            file: Where it goes.
            place: The setting that says where that is, and its value, for messages.
            store: Stores the finished file under its name, and checks what was stored (`LocalFile.check`).
        """
        self._file = file
        self._place = place
        self._store = store
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_BITS)
        self._digest = hashlib.sha256()
        self._size_bytes = 0

    async def write(self, lines: bytes) -> None:
        """Compress and append lines.

        Raises:
            TargetAwayError: if they cannot be written.
        """
        await self._in_thread(self._append, lines)

    async def keep(self, stem: str) -> StoredFile:
        """Write what is left, make it durable and store it; return the file's name, digest and size.

        Raises:
            TargetAwayError: if that fails, or something else was stored.
        """
        await self._in_thread(self._finish)
        digest = self._digest.digest()
        stored = StoredFile(f"{stem}-{digest.hex()[:16]}{SUFFIX}", digest, self._size_bytes)
        try:
            await self._store(stored)
        except (FileMissingError, FileDamagedError) as error:
            raise TargetAwayError(f"what was written cannot be read back: {error}") from error
        return stored

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
            raise TargetAwayError(
                f"{self._place}: an archive's file cannot be written: {error.strerror or error}"
            ) from error


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
            sha256 = await asyncio.to_thread(_digest_of, self._path, wanted)
        except FileNotFoundError:
            raise FileMissingError(wanted.name) from None
        except OSError as error:
            raise _unreadable(self._path, error) from error
        if sha256 != wanted.sha256:
            raise FileDamagedError(f"the file {wanted.name} is not what was stored: its SHA-256 is another")

    async def portions(self) -> AsyncIterator[Sequence[bytes]]:
        """Decompress it and yield its lines, about a megabyte at a time."""
        decompressor = zlib.decompressobj(_GZIP_BITS)
        try:
            file = await asyncio.to_thread(self._path.open, "rb")
        except OSError as error:
            raise _unreadable(self._path, error) from error
        with file:
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
            if rest or decompressor.unused_data or file.read(1):
                raise FileDamagedError("the file does not end with its last line")


def require_size(file: StoredFile, size_bytes: int) -> None:
    """Refuse a file of another size before it is read: it may be endless.

    Raises:
        FileDamagedError: it has not the size of the file that was stored.
    """
    if size_bytes != file.size_bytes:
        raise FileDamagedError(f"the file {file.name} has {size_bytes:,} bytes instead of {file.size_bytes:,}")


def _next_text(decompressor: "zlib._Decompress", file: BinaryIO) -> bytes:
    """Return some text; nothing at the end. A piece of the file can be too short to give any, such as half a header."""
    text, compressed = b"", b"-"
    try:
        while compressed and not text and not decompressor.eof:
            compressed = decompressor.unconsumed_tail or file.read(_PORTION_BYTES // 4)
            text = decompressor.decompress(compressed, _PORTION_BYTES)
    except zlib.error:
        raise FileDamagedError("the file is not a whole gzip file") from None
    except OSError as error:
        raise _unreadable(Path(file.name), error) from error
    return text


def _unreadable(path: Path, error: OSError) -> TargetAwayError:
    return TargetAwayError(f"{path} cannot be read: {error.strerror or error}")


def _digest_of(path: Path, wanted: StoredFile) -> bytes:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for, and a device read for ever
        raise FileDamagedError(f"{wanted.name} is not a file")
    require_size(wanted, found.st_size)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
