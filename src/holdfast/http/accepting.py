"""Accepts connections for a process that shares its port with siblings: one at a time, each when it is its turn.

The event loop's own servers accept all waiting connections at once, in whichever process wakes up first.
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
"""The most to accept between two turns of the event loop, so that a rush of new clients does not delay the others."""
REST_SECONDS = 1.0
"""The pause after the system could not provide another connection."""


class Acceptor:
    """Accepts connections until it is closed."""

    def __init__(self, node: Node, listeners: Sequence[socket.socket], turns: Turns) -> None:
        """Start accepting.

        Args:
            node: The node whose connections they become.
            listeners: Listening sockets, shared with the siblings.
            turns: Decides which process accepts the next connection.
        """
        self._node = node
        self._loop = node.loop
        self._listeners = listeners
        self._turns = turns
        self._opening: set[asyncio.Task[None]] = set()
        """Accepted, but not watched yet."""
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}
        self._log: Any = structlog.get_logger("holdfast.http")
        node.watch.on_count = self._count
        turns.begin(node.watch.connections_max)
        for listener in listeners:
            listener.settimeout(0)
            self._listen(listener)

    def end_soon(self) -> None:
        """From now on, leave connections to the siblings, as long as one of them accepts any."""
        self._turns.end_soon()

    async def close(self) -> None:
        """Stop accepting. On return, the connections accepted before have been set up."""
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
        """Ignore a listener for a while. As long as a connection waited on it, the loop could not sleep."""
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
                return  # a sibling was faster, or the client has gone
            except OSError as error:  # no descriptors or no memory left
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
        except OSError:  # the client has gone in the meantime
            accepted.close()

    def _opened(self, opening: asyncio.Task[None]) -> None:
        self._opening.discard(opening)
        self._count()

    def _count(self) -> None:
        self._turns.has(len(self._node.watch.all) + len(self._opening))
