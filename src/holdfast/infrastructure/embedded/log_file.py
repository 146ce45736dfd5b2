"""Log files of child processes: for their owner's eyes only, and never larger than agreed."""

import contextlib
import os
import shutil
from io import BufferedWriter
from pathlib import Path

LOG_BYTES_MAX = 10 * 1024 * 1024
"""A larger file becomes the old one; there is one old one, so a log takes about twice as much at most."""
_MODE = 0o600


def open_log(path: Path) -> BufferedWriter:
    """Open a log to append to it, readable for its owner only whatever the umask says, or an earlier version made."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
    with contextlib.suppress(PermissionError):  # somebody else's file that may be written to
        os.fchmod(handle, _MODE)
    return os.fdopen(handle, "ab")


def bound_log(path: Path) -> bool:
    """Begin anew when a log has become too large, also while programs write to it; tells whether it did.

    Programs keep their open file, so the text is copied away and the file emptied: they go on at its new end. What is
    written between the last copy and the emptying is lost, and that is a moment.
    """
    try:
        if path.stat().st_size <= LOG_BYTES_MAX:
            return False
        with path.open("rb") as log:
            # A full disk must not keep the log from being emptied.
            with contextlib.suppress(OSError), open_log(path.with_name(path.name + ".old")) as old:
                old.truncate(0)
                shutil.copyfileobj(log, old, 1024 * 1024)
            os.truncate(path, 0)
    except OSError:
        return False
    return True


def log_tail(path: Path, lines: int = 20) -> list[str]:
    """The last lines of a log file; none when it cannot be read."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 200 * lines))
            return log.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return []
