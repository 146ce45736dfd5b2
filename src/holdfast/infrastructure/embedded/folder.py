"""The data folder: private, and used by one run at a time."""

import fcntl
import os
import secrets
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from holdfast.infrastructure.embedded.errors import EmbeddedError


class FolderLock:
    """The right to use a folder. One process at a time holds it, and the kernel frees it when the process dies."""

    def __init__(self, path: Path) -> None:
        """Name the lock file. `take` takes the lock."""
        self._path = path
        self._file: int | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            EmbeddedError: if another process holds it, or the file cannot be written.
        """
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EmbeddedError(f"{self._path} cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(handle, 20).decode(errors="replace").strip()
            os.close(handle)
            raise EmbeddedError(
                f"data folder {self._path.parent} is in use by another run (process {holder or 'unknown'}): "
                "end that one, or set HOLDFAST_DATA_DIR to another folder"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._file = handle

    def release(self) -> None:
        """Release the lock. The file stays, because removing it could let two processes lock it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        """Take the lock."""
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the lock."""
        self.release()


def private_folder(path: Path) -> Path:
    """Create a folder that only its owner can enter; return its absolute path.

    An existing folder is made private if it is empty or from an earlier run, because earlier versions let other users
    in. A folder with other people's files keeps its mode; what Holdfast puts into it is private anyway.

    Raises:
        EmbeddedError: if it cannot be created or used.
    """
    path = path.absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        usable = os.access(path, os.R_OK | os.W_OK | os.X_OK)
        status = path.stat()
        if usable and status.st_mode & 0o077 and status.st_uid == os.geteuid() and _is_ours(path):
            path.chmod(0o700)
    except OSError as error:
        raise EmbeddedError(f"data folder {path} cannot be used: {error.strerror}") from None
    if not usable:
        raise EmbeddedError(f"data folder {path} cannot be used: no permission to read and write it")
    return path


def _is_ours(path: Path) -> bool:
    return (path / "postgres.lock").exists() or (path / "redis.lock").exists() or not any(path.iterdir())


def write_secret(path: Path, text: str) -> None:
    """Write a small file that only its owner can read, completely or not at all."""
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_secret(path: Path) -> str:
    """Read what `write_secret` has written.

    Raises:
        EmbeddedError: if the file is missing, empty or unreadable.
    """
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise EmbeddedError(f"{path} cannot be read: {reason}") from None
    if not text:
        raise EmbeddedError(f"{path} is empty: restore it, or move {path.parent} away to begin anew")
    return text


def new_password() -> str:
    """Return a random password without characters that URLs or shells treat specially."""
    return secrets.token_hex(16)


def free_port(preferred: int | None = None) -> int:
    """Return a TCP port of 127.0.0.1 that is free now: the preferred one if possible."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError("no TCP port of 127.0.0.1 is free")
