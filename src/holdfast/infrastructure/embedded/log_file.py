"""Log files of child processes, readable only by their owner and limited in size."""

import contextlib
import os
import shutil
from io import BufferedWriter
from pathlib import Path

LOG_BYTES_MAX = 10 * 1024 * 1024
"""A larger file is moved to a single old file, so a log takes at most about twice this size."""
_MODE = 0o600


def open_log(path: Path) -> BufferedWriter:
    """Open a log for appending. Only its owner may read it, whatever the umask or an earlier version allowed."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
    with contextlib.suppress(PermissionError):  # another user's file that this user may write to
        os.fchmod(handle, _MODE)
    return os.fdopen(handle, "ab")


def bound_log(path: Path) -> bool:
    """Start a log afresh once it is too large, even while programs write to it; return whether that was done.

    Programs keep the file open, so its text is copied away and the file truncated; they continue at its new end. Only
    what is written in the moment between the last copy and the truncation is lost.
    """
    try:
        if path.stat().st_size <= LOG_BYTES_MAX:
            return False
        with path.open("rb") as log:
            # Even if the disk is full, the log must be truncated.
            with contextlib.suppress(OSError), open_log(path.with_name(path.name + ".old")) as old:
                old.truncate(0)
                shutil.copyfileobj(log, old, 1024 * 1024)
            os.truncate(path, 0)
    except OSError:
        return False
    return True


def log_tail(path: Path, lines: int = 20) -> list[str]:
    """Return the last lines of a log file; none if it cannot be read."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 200 * lines))
            return log.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return []
