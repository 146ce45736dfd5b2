"""Takes the connections of a process that shares its port with siblings: one by one, each when it is its turn.

The event loop's own servers take all that wait at once, whichever process wakes first.
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import structlog

from holdfast.http.protocol.connection import Connection
from holdfast.http.protocol.node import Node
from holdfast.http.turns import LOOK_SECONDS, Turns

CONNECTIONS_PER_LOOP_TURN = 32
"""Between two turns of the event loop: a crowd that connects must not hold up those who are connected."""
REST_SECONDS = 1.0
"""After the system had nothing left to take a connection with."""


class Acceptor:
    """Takes connections until it is closed."""

    def __init__(self, node: Node, listeners: Sequence[socket.socket], turns: Turns) -> None:
        """Begin.

        Args:
            node: Whose connections they become.
            listeners: Sockets that listen, shared with the siblings.
            turns: Says which process takes the next one.
        """
        self._node = node
        self._loop = node.loop
        self._listeners = listeners
        self._turns = turns
        self._opening: set[asyncio.Task[None]] = set()
        """Taken, and not yet among those that are watched."""
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}
        self._log: Any = structlog.get_logger("holdfast.http")
        node.watch.on_count = self._count
        turns.begin(node.watch.connections_max)
        for listener in listeners:
            listener.settimeout(0)
            self._listen(listener)

    def end_soon(self) -> None:
        """Leave connections to siblings, as long as one of them takes any."""
        self._turns.end_soon()

    async def close(self) -> None:
        """Take no more; those that were taken have been opened afterwards."""
        self._turns.end()
        for pause in self._pauses.values():
            pause.cancel()
        for listener in self._listeners:
            self._loop.remove_reader(listener)
            listener.close()
        if self._opening:
            await asyncio.wait(self._opening)

    def _listen(self, listener: socket.socket) -> None:
        self._pauses.pop(listener, None)
        self._loop.add_reader(listener, self._take, listener)

    def _pause(self, listener: socket.socket, seconds: float) -> None:
        """Hear nothing of a listener for a while: as long as a connection waits there the loop would not sleep."""
        self._loop.remove_reader(listener)
        self._pauses[listener] = self._loop.call_later(seconds, self._listen, listener)

    def _take(self, listener: socket.socket) -> None:
        for _ in range(CONNECTIONS_PER_LOOP_TURN):
            if not self._turns.is_mine():
                self._pause(listener, LOOK_SECONDS)
                return
            try:
                accepted, _address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return  # a sibling was quicker, or the client has gone
            except OSError as error:  # no descriptor or no memory left
                self._log.error("cannot_accept", error=error.strerror or str(error))
                self._pause(listener, REST_SECONDS)
                return
            self._turns.took()
            opening = self._loop.create_task(self._open(accepted))
            self._opening.add(opening)
            opening.add_done_callback(self._opened)
            self._count()

    async def _open(self, accepted: socket.socket) -> None:
        accepted.settimeout(0)
        try:
            await self._loop.connect_accepted_socket(lambda: Connection(self._node), accepted)
        except OSError:  # the client has gone meanwhile
            accepted.close()

    def _opened(self, opening: asyncio.Task[None]) -> None:
        self._opening.discard(opening)
        self._count()

    def _count(self) -> None:
        self._turns.has(len(self._node.watch.all) + len(self._opening))
