"""Archives' files in a folder."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path

from holdfast.application.upkeep.archive.ports import OpenFile, StoredFile
from holdfast.application.upkeep.archive.refusals import TargetAwayError
from holdfast.infrastructure.archive_files.draft_file import LEFT_BEHIND_SECONDS, SUFFIX, DraftFile, LocalFile

_PARTIAL = ".partial"


class FolderTarget:
    """A folder, which must exist: if a disk is not mounted, the files must not go to the one below."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def draft(self) -> AsyncIterator[DraftFile]:
        """Begin a file under a temporary name."""
        # Also around the end of the block: closing a file on a full disk tries once more to write what is buffered.
        with _told(self._folder):
            path = await asyncio.to_thread(self._new)
            try:
                with await asyncio.to_thread(path.open, "wb") as file:
                    yield DraftFile(file, f"ARCHIVE_TO: {self._folder}", partial(self._store, path))
            finally:
                path.unlink(missing_ok=True)

    @asynccontextmanager
    async def opened(self, file: StoredFile) -> AsyncIterator[OpenFile]:
        """Have a file at hand, after comparing its size and digest."""
        with _told(self._folder):
            await asyncio.to_thread(self._folder.stat)  # without the folder, no file is known to be missing
        local = LocalFile(self._folder / file.name)
        await local.check(file)
        yield local

    async def names(self) -> Sequence[str]:
        """List the files in the folder."""
        with _told(self._folder):
            return [name for name in await asyncio.to_thread(os.listdir, self._folder) if name.endswith(SUFFIX)]

    def _new(self) -> Path:
        too_old = time.time() - LEFT_BEHIND_SECONDS
        for left in self._folder.glob(f".*{_PARTIAL}"):
            with suppress(FileNotFoundError):  # the archiver of another cell has just given it its name
                if left.stat().st_mtime < too_old:
                    left.unlink()
        number, name = tempfile.mkstemp(prefix=".", suffix=_PARTIAL, dir=self._folder)
        os.close(number)
        return Path(name)

    async def _store(self, draft: Path, stored: StoredFile) -> None:
        """Rename the file, which makes it an archive's file, make that durable, and read the file back."""
        place = self._folder / stored.name
        with _told(self._folder):
            await asyncio.to_thread(self._rename, draft, place)
        await LocalFile(place).check(stored)

    def _rename(self, draft: Path, place: Path) -> None:
        draft.replace(place)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TargetAwayError(f"ARCHIVE_TO: {folder}: {error.strerror or error}") from error
