"""Writes log lines to standard error from a thread of its own, with one write for all that arrive within 100 ms."""

import atexit
import contextlib
import os
import select
import stat
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

FLUSH_SECONDS = 0.1
WAITING_BYTES_MAX = 4 * 1024 * 1024
"""Lines beyond this are dropped. The disk or pipe is too slow then, and requests must not wait for it."""
LAST_SECONDS = 2.0
"""How long a process waits at its end for its last lines to be written."""
_PIECE_BYTES = 4_096
"""Pipes and terminals accept this much in one piece. In a longer one, lines of another process could get in between."""


class LineSink:
    """Takes whole lines and writes them in order, combining those that arrive within 100 ms.

    A thread writes them, so that neither a full pipe nor a slow disk blocks the event loop. The first line of an error
    is written without delay, and what is left is written at the end of the process.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        gather: bool,
        on_dropped: Callable[[int], None] | None = None,
        waiting_bytes_max: int = WAITING_BYTES_MAX,
    ) -> None:
        """Set up without lines.

        Args:
            stream: The stream to write to; by default standard error, whatever it is when lines are written.
            gather: Whether to combine lines; otherwise each is written by the caller at once.
            on_dropped: Receives the number of dropped lines, once there is room again to report it.
            waiting_bytes_max: How much may wait to be written.
        """
        self._stream = stream
        self._gather = gather
        self._on_dropped = on_dropped
        self._waiting_bytes_max = waiting_bytes_max
        self._lock = threading.Lock()
        self._lines: list[bytes] = []
        self._waiting_bytes = 0
        """The size of the lines that are waiting or being written."""
        self._dropped = 0
        self._some = threading.Event()
        self._hurry = threading.Event()
        self._told = False
        """Whether the thread knows that there are lines."""
        self._writer: threading.Thread | None = None

    def write(self, line: bytes, *, at_once: bool = False) -> None:
        """Take one line, which ends with a line feed. It is dropped if too much is waiting already."""
        with self._lock:
            if self._waiting_bytes > self._waiting_bytes_max:
                self._dropped += 1
                return
            self._lines.append(line)
            self._waiting_bytes += len(line)
        if not self._gather:
            self._write_gathered()
        elif at_once or not self._told:
            self._tell(at_once=at_once)

    def flush(self, seconds: float = LAST_SECONDS) -> None:
        """Write everything that is waiting, and return when that is done, or after `seconds`."""
        if not self._waiting_bytes:
            return
        self._tell(at_once=True)
        deadline = time.monotonic() + seconds
        while self._waiting_bytes and time.monotonic() < deadline:
            time.sleep(0.001)

    def _tell(self, *, at_once: bool) -> None:
        with self._lock:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_forever, name="log-lines", daemon=True)
                self._writer.start()
        self._told = True
        if at_once:
            self._hurry.set()
        self._some.set()

    def _write_forever(self) -> None:
        while True:
            self._some.wait()
            self._hurry.wait(FLUSH_SECONDS)
            self._hurry.clear()
            self._some.clear()
            self._told = False
            if self._write_gathered() and self._dropped:
                with self._lock:
                    dropped, self._dropped = self._dropped, 0
                if self._on_dropped is not None:
                    self._on_dropped(dropped)

    def _write_gathered(self) -> bool:
        with self._lock:
            lines, self._lines = self._lines, []
        text = b"".join(lines)
        written = _write_all(sys.stderr if self._stream is None else self._stream, text)
        with self._lock:
            self._waiting_bytes -= len(text)
            if not written:
                self._dropped += len(lines)
        return written


_sink = LineSink(gather=False)


def sink() -> LineSink:
    """Return this process's sink."""
    return _sink


def use(new: LineSink) -> None:
    """Use another sink from now on."""
    global _sink  # noqa: PLW0603 - there must be just one per process
    _sink.flush()
    _sink = new


def _write_all(stream: TextIO, text: bytes) -> bool:
    """Write past the stream's own buffer, in pieces that the system accepts whole, so that processes do not mix lines.

    Return False if that failed, because nobody reads any more or the disk is full. Logging must not fail for that.
    """
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):
        with contextlib.suppress(ValueError):
            stream.write(text.decode())
        return True
    try:
        stream.flush()
        whole = stat.S_ISREG(os.fstat(descriptor).st_mode)
        for piece in (text,) if whole else _pieces(text):
            _write_piece(descriptor, piece)
    except (OSError, ValueError):
        return False
    return True


def _write_piece(descriptor: int, piece: bytes) -> None:
    while piece:
        try:
            piece = piece[os.write(descriptor, piece) :]
        except BlockingIOError:  # the pipe is set not to block, but this thread may wait
            select.select([], [descriptor], [], 1.0)


def _pieces(text: bytes) -> list[bytes]:
    """Cut between lines. A line longer than a piece becomes a piece of its own."""
    pieces = []
    start = 0
    while start < len(text):
        end = text.rfind(b"\n", start, start + _PIECE_BYTES) + 1
        if end == 0:
            end = text.find(b"\n", start) + 1 or len(text)
        pieces.append(text[start:end])
        start = end
    return pieces


@atexit.register
def _flush_last() -> None:
    _sink.flush()
