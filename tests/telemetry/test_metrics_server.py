"""The metrics of a process without an API tell browsers what the API's answers tell them."""

import pytest

from holdfast.bench.clients.raw import open_raw
from holdfast.http.security_headers import SECURITY_HEADERS
from holdfast.telemetry.metrics_server import serve_metrics


@pytest.mark.parametrize("line", ["GET /metrics", "HEAD /metrics", "GET /livez", "GET /nowhere", "POST /metrics"])
async def test_every_answer_is_guarded(line):
    async def account() -> bytes:
        return b"one 1\n"

    server = await serve_metrics("127.0.0.1", 0, account, SECURITY_HEADERS)
    try:
        async with await open_raw(server.sockets[0].getsockname()[:2]) as connection:
            await connection.send(f"{line} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            answer = await connection.reader.read()
    finally:
        server.close()
    head = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    assert [b"%b: %b" % header for header in SECURITY_HEADERS] == [
        one for one in head if one.split(b":")[0] in dict(SECURITY_HEADERS)
    ]
