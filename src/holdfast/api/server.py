"""The HTTP server of one node: uvicorn, made to end without a failed request."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from typing import Any, Protocol

import structlog
import uvicorn
from starlette.types import ASGIApp

from holdfast.api.corked_protocol import CorkedHttpProtocol
from holdfast.application.readiness import Draining

LISTEN_BACKLOG = 4_096
KEEP_ALIVE_SECONDS = 75
"""Longer than nginx keeps idle connections to a node, so that it is never the node that closes first."""
REQUESTS_SHARE = 0.8
"""The part of the shutdown that requests under way may take; the rest is for the connections to the database."""


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
    def shutdown_seconds(self) -> float:
        """Longest time from the signal to the end of the process."""
        ...


class DrainingProtocol(CorkedHttpProtocol):
    """Tells every caller of a draining node to close its connection, so that none sends to one that is closing."""

    def __init__(self, *arguments: Any, draining: Draining, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **named)
        self._draining = draining

    def on_headers_complete(self) -> None:
        """Begin to answer; while draining with `Connection: close`."""
        super().on_headers_complete()
        if self._draining.begun:
            self.close_after_answer()

    def close_after_answer(self) -> None:
        """Close once the answer under way is complete; an idle connection stays."""
        if self.cycle is not None:
            self.cycle.keep_alive = False


class NodeServer(uvicorn.Server):
    """Serves until SIGTERM or SIGINT.

    Then, for `drain_seconds`, requests are still answered while `/readyz` tells the proxy to send no more; after
    that the port is closed and what is under way is finished. A second signal ends the draining at once.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, draining: Draining) -> None:
        """Make the server; `serve` runs it.

        Args:
            app: What answers.
            settings: Where to listen, whom to trust, how long to drain.
            draining: Is begun upon the signal.
        """

        def protocol(*arguments: Any, **named: Any) -> DrainingProtocol:  # noqa: ANN401 - uvicorn's own
            return DrainingProtocol(*arguments, draining=draining, **named)

        seconds = (settings.shutdown_seconds - settings.drain_seconds) * REQUESTS_SHARE
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=protocol,  # type: ignore[arg-type] # called, and nothing else
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
            backlog=LISTEN_BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=max(1, int(seconds)),
        )
        super().__init__(config)
        self._draining = draining
        self._drain_seconds = settings.drain_seconds
        self._log: Any = structlog.get_logger("holdfast.api")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Drain upon a signal. Unlike uvicorn's own, it does not send itself the signal again in the end.

        That would end the process before its last batch was.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.drain)
        yield

    def drain(self) -> None:
        """Begin to end."""
        if self._draining.begun:
            self._close()
            return
        self._draining.begin()
        self._log.info("node_draining", seconds=self._drain_seconds)
        for connection in list(self.server_state.connections):
            if isinstance(connection, DrainingProtocol):
                connection.close_after_answer()
        asyncio.get_running_loop().call_later(self._drain_seconds, self._close)

    def _close(self) -> None:
        self.should_exit = True
        self._draining.end()
