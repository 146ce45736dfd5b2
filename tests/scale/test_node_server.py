"""One node's server: whose X-Forwarded-For it trusts."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from chaos.site.ports import quiet_port

from holdfast.application.lifecycle.readiness import Draining
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.http.server import NodeServer
from scale.http_caller import Caller, answers_with, until


async def _tell_the_caller(scope, _receive, send):
    body = scope["client"][0].encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(trusted_proxies: str):
    port = quiet_port()
    settings = SimpleNamespace(
        host="127.0.0.1", port=port, trusted_proxies=trusted_proxies, drain_seconds=0.0, connections_max=100
    )
    server = NodeServer(_tell_the_caller, settings, Draining(), Deadline(2.0))
    task = asyncio.create_task(server.serve())
    await until(lambda: answers_with(port, "/", 200))
    yield port
    server.drain()
    await task


@pytest.mark.parametrize(
    ("trusted_proxies", "address"),
    [("", "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"), ("127.0.0.1", "203.0.113.9"), ("127.0.0.0/8", "203.0.113.9")],
)
async def test_only_a_trusted_proxy_is_believed(trusted_proxies, address):
    async with serving(trusted_proxies) as port, Caller(port) as caller:
        answer = await caller.call("GET", "/", X_Forwarded_For="6.6.6.6, 203.0.113.9")
        assert answer.body.decode() == address
