"""Serves GET /metrics and /livez of a worker, which has no API, with the HTTP kit of the nodes.

The kit's bounds on connections, heads and silence hold here too. prometheus-client's own server has none: each silent
connection keeps a thread for ever, and from the sixth that comes at once on, the next scrape waits to be let in.
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
    """What the kit asks of a node that ends with its process, without draining."""

    begun = False


@asynccontextmanager
async def metrics_server(host: str, port: int, account: Account) -> AsyncIterator[asyncio.Server | None]:
    """Serve inside the block; None where that is not possible: the worker has more important things to do.

    Args:
        host: Address to listen on.
        port: TCP port.
        account: Returns the metrics in Prometheus' text format.
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
        server = await loop.create_server(lambda: Connection(node), host, port)
    except OSError as error:
        log.warning(
            "no_metrics",
            reason=f"WORKER_METRICS_HOST and WORKER_METRICS_PORT: cannot listen on {host} port {port}: "
            f"{error.strerror or error}",
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
    """The application: two pages, for GET and HEAD."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del receive  # what a scraper might send is thrown away by the kit
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
