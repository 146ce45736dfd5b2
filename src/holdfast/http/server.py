"""Serves one node: listens, and ends without a failed request."""

import asyncio
import signal
import socket
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

import structlog

from holdfast.http.accepting import Acceptor
from holdfast.http.protocol.asgi import Application
from holdfast.http.protocol.connection import Connection
from holdfast.http.protocol.forwarding import Forwarding
from holdfast.http.protocol.node import Node
from holdfast.http.turns import Turns

LISTEN_BACKLOG = 4_096
OTHERS_SECONDS = 2.0
"""What is left of the time to end for the connections to the database and for the last spans."""
LAST_ANSWERS_SECONDS = 0.5
"""For answers that are made when the time of the requests is over, and tell so."""
QUIET_LOOK_SECONDS = 0.01


class ServerSettings(Protocol):
    """What the server wants to know of the settings."""

    @property
    def host(self) -> str:
        """Address to listen on."""
        ...

    @property
    def port(self) -> int:
        """TCP port to listen on."""
        ...

    @property
    def trusted_proxies(self) -> str:
        """Whose X-Forwarded-For is believed, comma-separated."""
        ...

    @property
    def drain_seconds(self) -> float:
        """How long requests are still taken after the signal to end."""
        ...

    @property
    def connections_max(self) -> int:
        """Beyond so many connections only probes are answered."""
        ...


class Draining(Protocol):
    """Whether the node has been told to end."""

    begun: bool

    def begin(self) -> None:
        """It has been told."""
        ...

    def end(self) -> None:
        """Nothing new is taken from now on."""
        ...

    async def give_up(self) -> None:
        """Whoever still waits for something is told that it will not be done now."""
        ...


class TimeToEnd(Protocol):
    """How much time is left for ending."""

    def begin(self) -> None:
        """The time runs from now on."""
        ...

    def left(self, *, for_others: float = 0.0) -> float:
        """Seconds until the process must have ended, less what others need after the asker."""
        ...


class NodeServer:
    """Serves until SIGTERM or SIGINT.

    Then, for `drain_seconds`, requests are still answered while `/readyz` tells the proxy to send no more; after
    that the port is closed and what is under way is finished. A second signal ends the draining at once.
    """

    def __init__(
        self,
        application: Application,
        settings: ServerSettings,
        draining: Draining,
        deadline: TimeToEnd,
        *,
        probes: AbstractSet[str] = frozenset(),
    ) -> None:
        """Make the server; `serve` runs it.

        Args:
            application: What answers.
            settings: Where to listen, whom to trust, how long to drain.
            draining: Is begun upon the signal.
            deadline: Is begun upon the signal; says how long requests under way may take.
            probes: Paths that are answered however many connections there are.
        """
        self._application = application
        self._settings = settings
        self._draining = draining
        self._deadline = deadline
        self._probes = probes
        self._closed = asyncio.Event()
        self._node: Node | None = None
        self._acceptor: Acceptor | None = None
        self.started = False
        """Whether it has listened."""
        self._log: Any = structlog.get_logger("holdfast.http")

    async def serve(
        self,
        listeners: Sequence[socket.socket] = (),
        turns: Turns | None = None,
        *,
        signals: bool = True,
    ) -> None:
        """Listen, and answer until told to end.

        Args:
            listeners: Sockets that listen already; none: listen on the host and port of the settings.
            turns: Shares out connections among the processes that share the listeners; None: there is only this one.
            signals: Whether SIGTERM and SIGINT end it; else only `drain` does.
        """
        loop = asyncio.get_running_loop()
        node = self._node = Node(
            self._application,
            connections_max=self._settings.connections_max,
            draining=self._draining,
            forwarding=Forwarding(self._settings.trusted_proxies),
            probes=self._probes,
        )
        try:
            servers = []
            if turns is None:
                servers = await self._listen(loop, node, listeners)
            else:
                self._acceptor = Acceptor(node, listeners, turns)
        except OSError as error:
            reason = error.strerror or str(error)
            self._log.error("cannot_listen", host=self._settings.host, port=self._settings.port, error=reason)
            return
        self.started = True
        if signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.drain)
        sweeping = asyncio.create_task(node.watch.sweep())
        try:
            await self._closed.wait()
            for server in servers:
                server.close()
            if self._acceptor is not None:
                await self._acceptor.close()
            await self._finish(node)
        finally:
            sweeping.cancel()

    def drain(self) -> None:
        """Begin to end."""
        if self._draining.begun:
            self._close()
            return
        self._deadline.begin()
        self._draining.begin()
        seconds = self._settings.drain_seconds
        self._log.info("node_draining", seconds=seconds)
        if self._acceptor is not None:
            self._acceptor.end_soon()
        if self._node is not None:
            for connection in self._node.watch.all:
                connection.close_after_answer()
        asyncio.get_running_loop().call_later(seconds, self._close)

    def _close(self) -> None:
        self._draining.end()
        self._closed.set()

    async def _listen(
        self, loop: asyncio.AbstractEventLoop, node: Node, listeners: Sequence[socket.socket]
    ) -> list[asyncio.Server]:
        if listeners:
            return [
                await loop.create_server(lambda: Connection(node), sock=listener, backlog=LISTEN_BACKLOG)
                for listener in listeners
            ]
        host, port = self._settings.host, self._settings.port
        return [await loop.create_server(lambda: Connection(node), host, port, backlog=LISTEN_BACKLOG)]

    async def _finish(self, node: Node) -> None:
        """Finish what is under way, as long as there is time; then say so to whoever still waits, and cut the rest."""
        for connection in list(node.watch.all):
            if connection.idle:
                connection.close()
            else:
                connection.close_after_answer()
        if not await self._quiet(node, self._deadline.left(for_others=OTHERS_SECONDS)):
            self._log.warning("requests_not_finished", requests=_under_way(node))
            await self._draining.give_up()
            await self._quiet(node, min(LAST_ANSWERS_SECONDS, self._deadline.left()))
        for connection in list(node.watch.all):
            connection.abort()
        await asyncio.sleep(0)

    @staticmethod
    async def _quiet(node: Node, seconds: float) -> bool:
        """Wait until no request is under way; False where the time is up before."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while _under_way(node):
            if loop.time() >= end:
                return False
            await asyncio.sleep(QUIET_LOOK_SECONDS)
        return True


def _under_way(node: Node) -> int:
    """How many connections have a request, or the rest of an answer, under way."""
    return sum(connection.under_way for connection in node.watch.all)
