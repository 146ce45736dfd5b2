"""Real API processes, called over HTTP."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from holdfast.bench.clients.raw import Answer, open_raw

START_SECONDS_MAX = 30


class ServerProcess:
    """`holdfast serve` on a free port."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._http = httpx.Client(base_url=self.url, timeout=10, trust_env=False)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "holdfast", "serve"],
            env={
                **os.environ,
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "REDIS_CALL_SECONDS": "2",
                "QUEUE_WAIT_SECONDS_MAX": "20",
                "HOST": "127.0.0.1",
                "PORT": str(self.port),
                "LOG_LEVEL": "CRITICAL",
            },
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_serving(self) -> None:
        """Return when its health check succeeds."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            assert self._process.poll() is None, f"holdfast serve ended with {self._process.returncode}"
            try:
                self._get("/health")
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "holdfast serve does not answer"
                time.sleep(0.05)
            else:
                return

    def metric(self, name: str) -> float:
        """Return the value of a metric without labels."""
        found = re.search(rf"^{name} (\S+)$", self._get("/metrics"), re.MULTILINE)
        assert found, f"the server tells no {name}"
        return float(found[1])

    def stop(self) -> None:
        """Stop it as an operator would."""
        self._process.terminate()
        self._process.wait(timeout=START_SECONDS_MAX)
        self._http.close()

    def _get(self, path: str) -> str:
        return self._http.get(path).raise_for_status().text


@dataclass(frozen=True)
class Request:
    """One POST to one server."""

    server: ServerProcess
    path: str
    user_id: str
    body: dict[str, Any] | None = None

    def encoded(self) -> bytes:
        body = b"" if self.body is None else json.dumps(self.body).encode()
        head = (
            f"POST /api/v1{self.path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.server.port}",
            f"X-User-ID: {self.user_id}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def send_together(requests: Sequence[Request]) -> list[Answer]:
    """Send all requests at once, each on a connection opened before."""
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(await open_raw(("127.0.0.1", one.server.port))) for one in requests
        ]
        for request, connection in zip(requests, connections, strict=True):
            connection.writer.write(request.encoded())
        return await asyncio.gather(*(connection.answer() for connection in connections))
