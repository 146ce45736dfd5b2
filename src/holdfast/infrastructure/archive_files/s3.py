"""Archives' files in a bucket of an S3-compatible store."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.store import S3Store

from holdfast.application.upkeep.archive.ports import OpenFile, StoredFile
from holdfast.application.upkeep.archive.refusals import (
    ArchiveError,
    FileMissingError,
    TargetAwayError,
)
from holdfast.infrastructure.archive_files import s3_failures
from holdfast.infrastructure.archive_files.draft_file import (
    LEFT_BEHIND_SECONDS,
    SUFFIX,
    DraftFile,
    LocalFile,
    require_size,
)

if TYPE_CHECKING:
    from obstore.store import S3Config

_PART_BYTES = 16 * 1024 * 1024
_FOLDERS = "holdfast-archive-"
_LET_GO_SECONDS = 0.2
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
    secret_access_key: str | None = field(repr=False)

    @property
    def place(self) -> str:
        """The bucket and the prefix as `ARCHIVE_TO` has them."""
        return f"s3://{self.name}/{self.prefix}" if self.prefix else f"s3://{self.name}"


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
        self._bucket = bucket
        self._store = S3Store(
            bucket.name,
            prefix=bucket.prefix or None,
            config=config,
            client_options={"allow_http": True, "timeout": _CALL_SECONDS, "connect_timeout": _CONNECT_SECONDS},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=60)},
        )

    @asynccontextmanager
    async def draft(self) -> AsyncIterator[DraftFile]:
        """Begin a file on this machine's disk."""
        with _temporary_folder() as folder:
            path = folder / "draft"
            with await asyncio.to_thread(path.open, "wb") as file:
                yield DraftFile(file, f"TMPDIR: {folder}", partial(self._send, path))

    @asynccontextmanager
    async def opened(self, file: StoredFile) -> AsyncIterator[OpenFile]:
        """Have a file at hand, after fetching it and comparing its size and digest."""
        with _temporary_folder() as folder:
            local = LocalFile(folder / "fetched")
            await _fetch(self._store, self._bucket.place, file, folder / "fetched")
            await local.check(file)
            yield local

    async def names(self) -> Sequence[str]:
        """List the files below the prefix."""
        names = []
        async with _told("listed", self._bucket.place):
            async for some in self._store.list():
                names += [one["path"] for one in some if one["path"].endswith(SUFFIX)]
        return names

    async def _send(self, draft: Path, stored: StoredFile) -> None:
        """Send the file, and read it back: not every store looks at the digests that it is sent."""
        async with _told("stored", self._bucket.place):
            await obstore.put_async(self._store, stored.name, draft, chunk_size=_PART_BYTES, max_concurrency=2)
        back = draft.with_name("back")
        await _fetch(self._store, self._bucket.place, stored, back)
        await LocalFile(back).check(stored)


async def _fetch(store: S3Store, place: str, file: StoredFile, path: Path) -> None:
    async with _told(f"fetched ({file.name})", place):
        try:
            found = await obstore.get_async(store, file.name)
        except FileNotFoundError as error:
            if s3_failures.no_bucket(error):
                raise
            raise FileMissingError(file.name) from None
        require_size(file, found.meta["size"])
        with await asyncio.to_thread(path.open, "wb") as local:
            async for chunk in found.stream(min_chunk_size=1024 * 1024):
                await asyncio.to_thread(local.write, chunk)


@asynccontextmanager
async def _told(what: str, place: str) -> AsyncIterator[None]:
    try:
        yield
    except ArchiveError:
        raise
    except asyncio.CancelledError:
        # obstore's threads notice it a little later. One that does so when the interpreter has ended panics, and prints
        # that.
        await asyncio.sleep(_LET_GO_SECONDS)
        raise
    except Exception as error:  # obstore's own, and what its Rust panics with, which no module exports
        raise TargetAwayError(s3_failures.told(error, what, place)) from error


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    try:
        _remove_left_behind(Path(tempfile.gettempdir()))
        with tempfile.TemporaryDirectory(prefix=_FOLDERS) as name:
            yield Path(name)
    except OSError as error:
        raise TargetAwayError(f"TMPDIR: the temporary folder: {error.strerror or error}") from error


def _remove_left_behind(place: Path) -> None:
    """Remove the folders of processes that were killed: each has the file of an event, perhaps of the largest."""
    too_old = time.time() - LEFT_BEHIND_SECONDS
    for left in place.glob(f"{_FOLDERS}*"):
        with suppress(OSError):
            if left.stat().st_mtime < too_old:
                shutil.rmtree(left, ignore_errors=True)
