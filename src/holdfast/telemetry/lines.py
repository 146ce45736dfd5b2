"""Where log lines go: standard error, one write for all that gathered in 100 ms."""

import asyncio
import atexit
import contextlib
import os
import sys
from typing import TextIO

FLUSH_SECONDS = 0.1
BYTES_MAX = 64 * 1024
"""What has gathered is written at once when it is more."""


class LineSink:
    """Gathers whole lines and writes them together, in their order.

    They are written when 100 ms have passed, with the first line of an error, when many have gathered, and at the
    end of the process. Where no event loop runs, and where a person reads, each line is written at once.
    """

    def __init__(self, stream: TextIO | None = None, *, gather: bool) -> None:
        self._stream = stream
        self._gather = gather
        self._lines: list[bytes] = []
        self._bytes = 0
        self._due: asyncio.TimerHandle | None = None

    def write(self, line: bytes, *, at_once: bool = False) -> None:
        """Take one line, which ends with a line feed."""
        self._lines.append(line)
        self._bytes += len(line)
        if self._due is None or at_once or self._bytes > BYTES_MAX:
            self._plan(at_once=at_once)

    def flush(self) -> None:
        """Write what has gathered."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        lines, self._lines, self._bytes = self._lines, [], 0
        if lines:
            _write_all(sys.stderr if self._stream is None else self._stream, b"".join(lines))

    def _plan(self, *, at_once: bool) -> None:
        if not self._gather or at_once or self._bytes > BYTES_MAX:
            self.flush()
            return
        try:
            self._due = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        except RuntimeError:
            self.flush()


_sink = LineSink(gather=False)


def sink() -> LineSink:
    """The one of this process."""
    return _sink


def use(new: LineSink) -> None:
    """Write to another from now on."""
    global _sink  # noqa: PLW0603 - one per process is the point
    _sink.flush()
    _sink = new


def _write_all(stream: TextIO, text: bytes) -> None:
    """Write past the stream's own buffer, in one call where the system takes it, so that processes do not mix lines."""
    with contextlib.suppress(OSError, ValueError):  # nobody reads any more: no reason to fail
        try:
            descriptor = stream.fileno()
        except (OSError, AttributeError):
            stream.write(text.decode())
            return
        stream.flush()
        while text:
            text = text[os.write(descriptor, text) :]


@atexit.register
def _flush_last() -> None:
    _sink.flush()
