"""Archives' files in a bucket of an S3-compatible store."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from holdfast.application.upkeep.archive.ports import OpenFile, StoredFile
from holdfast.application.upkeep.archive.refusals import FileDamagedError, FileMissingError, TargetAwayError
from holdfast.infrastructure.archive_files.draft_file import SUFFIX, DraftFile, LocalFile

if TYPE_CHECKING:
    from obstore.store import S3Config

_PART_BYTES = 16 * 1024 * 1024
_REASON_CHARACTERS = 300
_ANSWER = re.compile("<Code>([^<]+)</Code>.*?<Message>([^<]+)</Message>", re.DOTALL)
_OF_THE_SYSTEM = re.compile('(?:message|error): "([^"]+)"')
"""Such as "Connection refused"."""
_NO_BUCKET = "<Code>NoSuchBucket</Code>"
_CALL_SECONDS = timedelta(minutes=5)
_CONNECT_SECONDS = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where a bucket is, and the credentials for it. Without them, those of the surroundings are used."""

    name: str
    prefix: str
    endpoint: str | None
    region: str
    access_key_id: str | None
    secret_access_key: str | None


class S3Target:
    """A bucket. A file is written to this machine's temporary folder first, then sent, then read back."""

    def __init__(self, bucket: Bucket) -> None:
        # The store is told the digest of each part, and refuses what arrives otherwise.
        config: S3Config = {"checksum_algorithm": "SHA256", "region": bucket.region}
        if bucket.endpoint is not None:
            config["endpoint"] = bucket.endpoint
        if bucket.access_key_id is not None and bucket.secret_access_key is not None:
            config["access_key_id"] = bucket.access_key_id
            config["secret_access_key"] = bucket.secret_access_key
        self._store = S3Store(
            bucket.name,
            prefix=bucket.prefix or None,
            config=config,
            client_options={"allow_http": True, "timeout": _CALL_SECONDS, "connect_timeout": _CONNECT_SECONDS},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=60)},
        )

    @asynccontextmanager
    async def draft(self) -> AsyncIterator["S3Draft"]:
        """Begin a file on this machine's disk."""
        with _temporary_folder() as folder:
            path = folder / "draft"
            with await asyncio.to_thread(path.open, "wb") as file:
                yield S3Draft(self._store, path, DraftFile(file))

    @asynccontextmanager
    async def opened(self, file: StoredFile) -> AsyncIterator[OpenFile]:
        """Have a file at hand, after fetching it and comparing its size and digest."""
        with _temporary_folder() as folder:
            local = LocalFile(folder / "fetched")
            await _fetch(self._store, file, folder / "fetched")
            await local.check(file)
            yield local

    async def names(self) -> Sequence[str]:
        """List the files below the prefix."""
        names = []
        with _told("listed"):
            async for some in self._store.list():
                names += [one["path"] for one in some if one["path"].endswith(SUFFIX)]
        return names


class S3Draft:
    """A file on this machine's disk that is to be sent."""

    def __init__(self, store: S3Store, path: Path, file: DraftFile) -> None:
        self._store = store
        self._path = path
        self._file = file

    async def write(self, lines: bytes) -> None:
        """Append lines."""
        await self._file.write(lines)

    async def keep(self, stem: str) -> StoredFile:
        """Send the file, and read it back: not every store looks at the digests that it is sent."""
        stored = await self._file.end(stem)
        with _told("stored"):
            await obstore.put_async(self._store, stored.name, self._path, chunk_size=_PART_BYTES, max_concurrency=2)
        back = self._path.with_name("back")
        try:
            await _fetch(self._store, stored, back)
            await LocalFile(back).check(stored)
        except (FileMissingError, FileDamagedError) as error:
            raise TargetAwayError(f"what was written cannot be read back: {error}") from error
        return stored


async def _fetch(store: S3Store, file: StoredFile, path: Path) -> None:
    with _told(f"fetched ({file.name})"), await asyncio.to_thread(path.open, "wb") as local:
        try:
            found = await obstore.get_async(store, file.name)
        except FileNotFoundError as error:
            if _NO_BUCKET in str(error):
                raise
            raise FileMissingError(file.name) from None
        async for chunk in found.stream(min_chunk_size=1024 * 1024):
            await asyncio.to_thread(local.write, chunk)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise TargetAwayError(f"the archive's bucket: nothing could be {what}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return why a request failed: what the store says, which stands in XML behind a long address, or the system."""
    text = str(error)
    if answer := _ANSWER.search(text):
        return f"{answer[1]}: {answer[2]}"[:_REASON_CHARACTERS]
    request, _, debugged = text.partition("Debug source:")
    system = _OF_THE_SYSTEM.search(debugged)
    told = request if system is None else f"{request.rstrip()}: {system[1]}"
    return " ".join(told.split())[:_REASON_CHARACTERS]


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(prefix="holdfast-archive-") as name:
            yield Path(name)
    except OSError as error:
        raise TargetAwayError(f"the temporary folder: {error.strerror or error}") from error
