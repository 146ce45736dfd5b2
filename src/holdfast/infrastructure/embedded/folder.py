"""The data folder: made private, used by one run at a time, with errors a person can act on."""

import fcntl
import os
import secrets
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from holdfast.infrastructure.embedded.errors import EmbeddedError


class FolderLock:
    """The right to use a folder, held by one process at a time and freed by the kernel at its death."""

    def __init__(self, path: Path) -> None:
        """Name the lock file; it is taken by `take`."""
        self._path = path
        self._file: int | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            EmbeddedError: Another process holds it, or the file cannot be written.
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
        """Give the lock back; the file stays, since removing it would let two take it."""
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
        """Give it back."""
        self.release()


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can enter; answers its absolute path.

    One that is there already is closed to others when it is empty or an earlier run's, for earlier versions let them
    in. Somebody's folder full of other things stays as it is: what we put into it is private by itself.

    Raises:
        EmbeddedError: It cannot be made or used.
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
    """Write a small file that only its owner can read, whole or not at all."""
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_secret(path: Path) -> str:
    """Read what `write_secret` wrote.

    Raises:
        EmbeddedError: It is missing, empty or unreadable.
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
    """A password nobody can guess, without characters that URLs or shells treat specially."""
    return secrets.token_hex(16)


def free_port(preferred: int | None = None) -> int:
    """A TCP port of 127.0.0.1 that is free now: the preferred one if it is."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError("no TCP port of 127.0.0.1 is free")
