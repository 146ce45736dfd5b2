"""Serves GET /metrics and /livez of a worker, which has no API, and of a node on a port of its own.

It is built with the same HTTP kit as the API.

The kit's limits on connections, heads and idle time apply here too. prometheus-client's own server has none: every idle
connection keeps a thread for ever, and with six or more connecting at once the next scrape has to wait to be accepted.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from prometheus_client import CONTENT_TYPE_LATEST

from holdfast.http.protocol.asgi import Application, Receive, Scope, Send
from holdfast.http.protocol.connection import Connection
from holdfast.http.protocol.forwarding import Forwarding
from holdfast.http.protocol.node import Node
from holdfast.http.protocol.security_headers import SECURITY_HEADERS

log = structlog.get_logger(__name__)

CONNECTIONS_MAX = 64
_TEXT = "text/plain; charset=utf-8"

Account = Callable[[], Awaitable[bytes]]


class _Serving:
    """Tells the kit that this server never drains: it ends with its process."""

    begun = False


@asynccontextmanager
async def metrics_server(
    host: str, port: int, account: Account, *, variables: str, shared: bool = False
) -> AsyncIterator[asyncio.Server | None]:
    """Serve inside the block. Yields None if it cannot listen: the process must go on without metrics.

    Args:
        host: Address to listen on.
        port: TCP port.
        account: Returns the metrics in Prometheus' text format.
        variables: The settings that a warning names.
        shared: The processes of a node listen on the port together; each of them serves the metrics of all.
    """
    loop = asyncio.get_running_loop()
    node = Node(
        metrics_application(account),
        connections_max=CONNECTIONS_MAX,
        draining=_Serving(),
        forwarding=Forwarding(""),
        probes=frozenset({"/livez"}),
    )
    try:
        server = await loop.create_server(lambda: Connection(node), host, port, reuse_port=shared or None)
    except OSError as error:
        log.warning(
            "no_metrics",
            reason=f"{variables}: cannot listen on {host} port {port}: {error.strerror or error}",
        )
        yield None
        return
    sweeping = asyncio.create_task(node.watch.sweep())
    try:
        yield server
    finally:
        server.close()
        for connection in list(node.watch.all):
            connection.abort()
        sweeping.cancel()


def metrics_application(account: Account) -> Application:
    """Return an application with two pages, for GET and HEAD."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del receive  # the kit discards whatever a scraper sends
        status, kind, body = 200, _TEXT, b"ok\n"
        more: list[tuple[bytes, bytes]] = []
        if scope["path"] not in ("/metrics", "/livez"):
            status, body = 404, b"There is /metrics and /livez.\n"
        elif scope["method"] not in ("GET", "HEAD"):
            status, body, more = 405, b"", [(b"allow", b"GET, HEAD")]
        elif scope["path"] == "/metrics":
            kind, body = CONTENT_TYPE_LATEST, await account()
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body)), *SECURITY_HEADERS, *more]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer
