"""Thousands of connections that are opened at once and then left as they are."""

import resource
import select
import socket
import time
from collections.abc import Sequence
from contextlib import suppress

from chaos.buyers.caller import Target

_BATCH = 400
_CONNECT_SECONDS = 1.0
_KEPT_FOR_OTHERS = 1_500
_SMALL_BUFFER_BYTES = 4_096


def room_for(number: int) -> int:
    """Raise this process's limit on open files, which nodes inherit; returns how many connections that allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return number if soft == resource.RLIM_INFINITY else max(0, min(number, soft - _KEPT_FOR_OTHERS))


class Crowd:
    """Connections that send one message and then do nothing. The methods block: call them off the event loop."""

    def __init__(self, target: Target, *, small_buffers: bool = False) -> None:
        self._target = target
        self._small_buffers = small_buffers
        self._sockets: list[socket.socket] = []
        self.refused = 0
        """How many could not be opened, or were reset before a byte was sent."""

    def open(self, number: int, messages: Sequence[bytes]) -> None:
        """Open more connections. Each sends one of the messages, in turn, and nothing else."""
        for start in range(0, number, _BATCH):
            self._open_batch([messages[place % len(messages)] for place in range(start, min(start + _BATCH, number))])

    def still_open(self) -> int:
        """Count those that the other side has not closed; what it has sent is read and discarded."""
        return sum(_is_open(one) for one in self._sockets)

    def statuses(self) -> list[int]:
        """Return the status codes of the answers that arrived."""
        found = []
        for one in self._sockets:
            with suppress(OSError, ValueError, IndexError):
                found.append(int(one.recv(12, socket.MSG_PEEK | socket.MSG_DONTWAIT).split(b" ")[1]))
        return found

    def close(self) -> None:
        """Close all connections."""
        for one in self._sockets:
            one.close()
        self._sockets.clear()

    def _open_batch(self, messages: Sequence[bytes]) -> None:
        waiting: dict[int, tuple[socket.socket, bytes]] = {}
        poll = select.poll()
        for message in messages:
            one = socket.socket()
            one.settimeout(0)
            if self._small_buffers:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER_BYTES)
            one.connect_ex(self._target)
            waiting[one.fileno()] = (one, message)
            poll.register(one, select.POLLOUT)
        deadline = time.monotonic() + _CONNECT_SECONDS
        while waiting and time.monotonic() < deadline:
            for number, _ in poll.poll(100):
                poll.unregister(number)
                self._keep(*waiting.pop(number))
        for one, _ in waiting.values():
            self.refused += 1
            one.close()

    def _keep(self, one: socket.socket, message: bytes) -> None:
        try:
            one.send(message)
        except OSError:
            self.refused += 1
            one.close()
        else:
            self._sockets.append(one)


def _is_open(one: socket.socket) -> bool:
    try:
        while one.recv(65_536, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        return True
    except OSError:
        pass  # reset
    return False
