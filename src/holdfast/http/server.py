"""Serves one node: listens, and shuts down without a failed request."""

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
"""The part of the shutdown time reserved for the database connections and the last spans."""
LAST_ANSWERS_SECONDS = 0.5
"""The time for the answers given when the requests' time is over."""
QUIET_LOOK_SECONDS = 0.01


class ServerSettings(Protocol):
    """The settings that concern the server."""

    @property
    def host(self) -> str:
        """The address to listen on."""
        ...

    @property
    def port(self) -> int:
        """The TCP port to listen on."""
        ...

    @property
    def trusted_proxies(self) -> str:
        """The proxies whose X-Forwarded-For is trusted, comma-separated."""
        ...

    @property
    def drain_seconds(self) -> float:
        """How long requests are still accepted after the stop signal."""
        ...

    @property
    def connections_max(self) -> int:
        """The number of connections beyond which only probes are answered."""
        ...


class Draining(Protocol):
    """Knows whether the node has been told to shut down."""

    begun: bool

    def begin(self) -> None:
        """Begin to drain."""
        ...

    def end(self) -> None:
        """Accept nothing new from now on."""
        ...

    async def give_up(self) -> None:
        """Answer everyone who is still waiting: their requests will not be carried out now."""
        ...


class TimeToEnd(Protocol):
    """The time left for shutting down."""

    def begin(self) -> None:
        """Start the deadline."""
        ...

    def left(self, *, for_others: float = 0.0) -> float:
        """Return the seconds until the process must have ended, less what others need after the caller."""
        ...


class NodeServer:
    """Serves until SIGTERM or SIGINT.

    Then, for `drain_seconds`, requests are still answered while `/readyz` tells the proxy to send no more. After that,
    the port is closed and requests under way are finished. A second signal ends the draining at once.
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
        """Set up the server; `serve` runs it.

        Args:
            application: Answers the requests.
            settings: Where to listen, which proxies to trust, how long to drain.
            draining: Begun on the signal.
            deadline: Begun on the signal; limits how long requests under way may take.
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
        """Set once it is listening."""
        self._log: Any = structlog.get_logger("holdfast.http")

    async def serve(
        self,
        listeners: Sequence[socket.socket] = (),
        turns: Turns | None = None,
        *,
        signals: bool = True,
    ) -> None:
        """Listen, and answer until told to stop.

        Args:
            listeners: Sockets that are already listening; if there are none, the settings' host and port are used.
            turns: Distributes connections among the processes that share the listeners; None if this is the only one.
            signals: Whether SIGTERM and SIGINT stop it; otherwise only `drain` does.
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
        """Begin to shut down."""
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
        """Finish requests under way while there is time; then answer everyone who still waits, and cut the rest."""
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
        """Wait until no request is under way; return False if time runs out first."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while _under_way(node):
            if loop.time() >= end:
                return False
            await asyncio.sleep(QUIET_LOOK_SECONDS)
        return True


def _under_way(node: Node) -> int:
    """Return how many connections have a request, or the rest of an answer, under way."""
    return sum(connection.under_way for connection in node.watch.all)
