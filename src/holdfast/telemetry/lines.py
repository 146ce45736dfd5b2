"""Where log lines go: standard error, one write for all that gathered in 100 ms, made by a thread of its own."""

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
"""Lines beyond this are dropped: the disk or the pipe does not keep up, and requests must not wait for it."""
LAST_SECONDS = 2.0
"""How long the end of a process waits for its last lines to be taken."""
_PIECE_BYTES = 4_096
"""A pipe and a terminal take so much in one piece; of more, lines of another process could come in between."""


class LineSink:
    """Takes whole lines and writes them in their order, together what gathered in 100 ms.

    A thread does it, so that neither a full pipe nor a slow disk keeps the event loop. The first line of an error is
    not waited with, and what has gathered is written at the end of the process.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        gather: bool,
        on_dropped: Callable[[int], None] | None = None,
        waiting_bytes_max: int = WAITING_BYTES_MAX,
    ) -> None:
        """Begin with nothing gathered.

        Args:
            stream: What is written to; default: standard error, whatever that is when lines are written.
            gather: Whether to gather; else whoever brings a line writes it.
            on_dropped: Gets the number of lines that were dropped, once there is room again to tell it.
            waiting_bytes_max: What may wait to be written.
        """
        self._stream = stream
        self._gather = gather
        self._on_dropped = on_dropped
        self._waiting_bytes_max = waiting_bytes_max
        self._lock = threading.Lock()
        self._lines: list[bytes] = []
        self._waiting_bytes = 0
        """Of lines that are gathered or being written."""
        self._dropped = 0
        self._some = threading.Event()
        self._hurry = threading.Event()
        self._told = False
        """Whether the thread knows that there are lines."""
        self._writer: threading.Thread | None = None

    def write(self, line: bytes, *, at_once: bool = False) -> None:
        """Take one line, which ends with a line feed; it is dropped where too much waits already."""
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
        """Write what has gathered, and wait until that is done; after `seconds` wait no longer."""
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
    """The one of this process."""
    return _sink


def use(new: LineSink) -> None:
    """Write to another from now on."""
    global _sink  # noqa: PLW0603 - one per process is the point
    _sink.flush()
    _sink = new


def _write_all(stream: TextIO, text: bytes) -> bool:
    """Write past the stream's own buffer, in pieces that the system takes whole, so that processes do not mix lines.

    False where that failed: nobody reads any more, or the disk is full. It is no reason to fail for whoever logs.
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
        except BlockingIOError:  # whoever gave us this pipe does not want to wait; this thread may
            select.select([], [descriptor], [], 1.0)


def _pieces(text: bytes) -> list[bytes]:
    """Cut between lines; only a line that is longer than a piece is one of its own."""
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
