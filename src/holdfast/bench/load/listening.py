"""Many listeners to an event's changes, in their own process so that they do not slow down the load.

`python -m holdfast.bench.load.listening` opens the streams, prints how many are open, and listens until its standard
input is closed. Then it prints, for each frame, its version and how many listeners received it in which millisecond.
"""

import json
import re
import select
import socket
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from subprocess import PIPE, Popen
from typing import Any

from holdfast.bench.clients.driver import Address
from holdfast.bench.failure import LoadError

_VERSION = re.compile(rb"^id: (\d+)$", re.MULTILINE)
_RECEIVE_BYTES = 32 * 1024
"""A few frames at once; a buffer for many more would have to be allocated by the system each time."""
_FIRST_FRAME_SECONDS = 30.0


@dataclass
class Heard:
    """What all listeners received."""

    open: int = 0
    """Streams still open at the end."""
    reloads: int = 0
    """How often a listener was told to reload the seats because it was too slow."""
    frames: dict[int, dict[int, int]] = field(default_factory=dict)
    """How many received a frame in which millisecond (of the monotonic clock), by the version up to which it covers."""
    last_versions: dict[int, int] = field(default_factory=dict)
    """Listeners by the last version they received."""


class Audience:
    """Handle of the process with the listeners."""

    def __init__(self, process: "Popen[str]", opened: int) -> None:
        self._process = process
        self.opened = opened

    def leave(self) -> Heard:
        """Close all streams and return what was received."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        told = json.loads(self._process.stdout.readline() or "{}")
        if not told:
            raise LoadError("the listeners ended without a word")
        return Heard(
            open=told["open"],
            reloads=told["reloads"],
            frames={int(v): {int(ms): n for ms, n in when.items()} for v, when in told["frames"].items()},
            last_versions={int(v): n for v, n in told["last_versions"].items()},
        )

    @property
    def pid(self) -> int:
        """Process id of the listeners."""
        return self._process.pid


@contextmanager
def audience(address: Address, path: str, listeners: int) -> Iterator[Audience]:
    """Open streams and keep them open.

    Raises:
        LoadError: They cannot be opened.
    """
    words = [sys.executable, "-m", "holdfast.bench.load.listening", address[0], str(address[1]), path, str(listeners)]
    with Popen(words, stdin=PIPE, stdout=PIPE, text=True) as process:  # noqa: S603 - this program itself
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            opened = process.stdout.readline().strip()
            if not opened.isdecimal():
                raise LoadError(f"{listeners} listeners cannot be connected: {opened or 'see above'}")
            yield Audience(process, int(opened))
        finally:
            process.stdin.close()


class _Listeners:
    def __init__(self, address: Address, path: str) -> None:
        self._address = address
        host, port = address
        self._request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n\r\n".encode()
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._heard: dict[int, int] = {}
        self._rests: dict[int, bytes] = {}
        self._frames: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self._reloads = 0
        self._versions_of: dict[bytes, list[int]] = {}

    def open(self, count: int) -> int:
        """Open the streams; return how many have received their first frame."""
        for _ in range(count):
            stream = socket.create_connection(self._address, timeout=10.0)
            stream.sendall(self._request)
            stream.settimeout(None)
            self._sockets[stream.fileno()] = stream
            self._heard[stream.fileno()] = -1
            self._rests[stream.fileno()] = b""
            self._epoll.register(stream.fileno(), select.EPOLLIN)
            self.listen(0.0)
        deadline = time.monotonic() + _FIRST_FRAME_SECONDS
        while any(version < 0 for version in self._heard.values()) and time.monotonic() < deadline:
            self.listen(0.1)
        self._frames.clear()
        return sum(version >= 0 for version in self._heard.values())

    def until_closed(self, control: int) -> None:
        """Listen until the other end of `control` is closed."""
        self._epoll.register(control, select.EPOLLIN)
        while not self.listen(1.0, control):
            pass

    def listen(self, seconds: float, control: int = -1) -> bool:
        """Read what has arrived; return whether `control` was closed."""
        ended = False
        for number, _ in self._epoll.poll(seconds):
            if number == control:
                ended = True
            elif number in self._sockets:
                self._receive(number)
        return ended

    def told(self) -> dict[str, Any]:
        """Return everything that was received."""
        return {
            "open": len(self._sockets),
            "reloads": self._reloads,
            "frames": self._frames,
            "last_versions": Counter(self._heard[number] for number in self._sockets),
        }

    def _receive(self, number: int) -> None:
        piece = self._sockets[number].recv(_RECEIVE_BYTES)
        if not piece:
            self._epoll.unregister(number)
            self._sockets.pop(number).close()
            return
        if self._rests[number]:
            piece = self._rests[number] + piece
        if b"\n\n" not in piece[-6:]:  # the end of a frame, possibly followed by the end of its chunk
            self._rests[number] = piece
            return
        self._rests[number] = b""
        millisecond = int(time.perf_counter() * 1_000)
        for version in self._versions(piece):
            self._heard[number] = version
            self._frames[version][millisecond] += 1

    def _versions(self, piece: bytes) -> list[int]:
        """Return the versions in these bytes; all listeners receive the same, so they are parsed once."""
        known = self._versions_of.get(piece)
        if known is None:
            if len(self._versions_of) > 1_000:
                self._versions_of.clear()
            known = self._versions_of[piece] = [int(version) for version in _VERSION.findall(piece)]
        self._reloads += b"event: reload" in piece
        return known


def _main(host: str, port: str, path: str, count: str) -> None:
    listeners = _Listeners((host, int(port)), path)
    try:
        opened = listeners.open(int(count))
    except OSError as error:
        print(error.strerror or error, flush=True)  # noqa: T201 - read by the parent
        return
    print(opened, flush=True)  # noqa: T201 - read by the parent
    listeners.until_closed(sys.stdin.fileno())
    print(json.dumps(listeners.told()), flush=True)  # noqa: T201 - read by the parent


if __name__ == "__main__":
    _main(*sys.argv[1:])
