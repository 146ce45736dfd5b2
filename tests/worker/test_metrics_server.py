"""The worker's metrics page: its security headers, and which requests it answers how."""

import asyncio

import httpx
import pytest

from holdfast.bench.clients.raw import open_raw
from holdfast.http.protocol.security_headers import SECURITY_HEADERS
from holdfast.worker.metrics_server import CONNECTIONS_MAX, metrics_server


async def _account() -> bytes:
    return b"one 1\n"


@pytest.mark.parametrize(
    ("line", "status", "body"),
    [
        ("GET /metrics", 200, b"one 1\n"),
        ("HEAD /metrics", 200, b""),
        ("GET /livez", 200, b"ok\n"),
        ("GET /nowhere", 404, b"There is /metrics and /livez.\n"),
        ("POST /metrics", 405, b""),
    ],
)
async def test_every_answer_is_guarded(line, status, body):
    async with metrics_server("127.0.0.1", 0, _account, variables="METRICS_PORT") as server:
        method, path = line.split()
        host, port = server.sockets[0].getsockname()
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client:
            answer = await client.request(method, path)
    assert (answer.status_code, answer.content) == (status, body)
    assert {name.decode(): value.decode() for name, value in SECURITY_HEADERS}.items() <= answer.headers.items()


async def test_silent_connections_keep_no_scrape_from_its_answer():
    """With prometheus-client's own server each connection kept a thread, and the next to connect waited for seconds."""
    async with metrics_server("127.0.0.1", 0, _account, variables="METRICS_PORT") as server:
        address = server.sockets[0].getsockname()
        silent = await asyncio.gather(*(open_raw(address) for _ in range(CONNECTIONS_MAX - 1)))
        for connection in silent:
            await connection.send(b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        async with await open_raw(address) as scraper:
            await scraper.send(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await scraper.answer()).body == b"one 1\n"
        for connection in silent:
            connection.abort()
