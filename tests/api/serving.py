"""A served API per test: a node's server on a free port, in the test's own event loop, over PostgreSQL and Redis."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx

from builders import a_wish, an_event, numbered_seats
from holdfast.application.lifecycle.readiness import Draining
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.bootstrap.api import application
from holdfast.http.endpoints.endpoint import PROBES
from holdfast.http.server import NodeServer
from holdfast.settings import Settings

BASE = "/api/v1"
TLS = ssl.create_default_context()
"""Given to every client: each would read the certificates of all authorities again, which takes 20 ms."""


@asynccontextmanager
async def serving(app, *, shutdown_seconds=10.0, **settings) -> AsyncIterator[str]:
    """Serve an ASGI application as a node does; returns its URL."""
    settings = {"host": "127.0.0.1", "port": 0, "trusted_proxies": "", "drain_seconds": 0.0} | settings
    settings.setdefault("connections_max", 1000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = NodeServer(app, SimpleNamespace(**settings), Draining(), Deadline(shutdown_seconds), probes=PROBES)
        task = asyncio.create_task(server.serve([listener], signals=False))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.drain()
            await task


class Api:
    """A client with a method for each call of the API. It returns httpx's responses."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, path: str, *, user: str | None = None, **more) -> httpx.Response:
        return await self.call("GET", path, user=user, **more)

    async def post(self, path: str, body=None, *, user: str | None = None, **more) -> httpx.Response:
        return await self.call("POST", path, body, user=user, **more)

    async def put(self, path: str, body, **more) -> httpx.Response:
        return await self.call("PUT", path, body, **more)

    async def delete(self, path: str, **more) -> httpx.Response:
        return await self.call("DELETE", path, **more)

    async def call(
        self, method: str, path: str, body=None, *, user: str | None = None, headers=None, **more
    ) -> httpx.Response:
        headers = dict(headers or {})
        if user is not None:
            headers["X-User-ID"] = user
        if body is not None:
            more["json"] = body
        return await self.http.request(method, BASE + path, headers=headers, **more)

    async def event_on_sale(self, *, seats: int = 5, price: int = 5000, **wanted) -> tuple[str, list[str]]:
        """An event with numbered seats: its id and theirs, in counting order."""
        event_id = (await self.post("/events", an_event(**wanted))).json()["id"]
        if not seats:
            return event_id, []
        added = await self.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=seats, price=price))
        assert added.status_code == 201, added.text
        return event_id, [seat["id"] for seat in added.json()]

    async def reserve(self, event_id: str, seat_ids: list[str], *, user: str = "ann", **wanted) -> httpx.Response:
        return await self.post("/reservations", a_wish(event_id=event_id, seat_ids=seat_ids, **wanted), user=user)

    async def confirm(self, reservation_id: str, *, user: str = "ann") -> httpx.Response:
        return await self.post(f"/reservations/{reservation_id}/confirm", user=user)

    async def cancel(self, reservation_id: str, *, user: str = "ann") -> httpx.Response:
        return await self.post(f"/reservations/{reservation_id}/cancel", user=user)


@asynccontextmanager
async def api_with(**settings) -> AsyncIterator[Api]:
    """An API with these settings, served."""
    async with (
        application(Settings(**settings)) as app,
        serving(app, trusted_proxies=settings.get("trusted_proxies", "")) as url,
        httpx.AsyncClient(base_url=url, timeout=20, verify=TLS) as http,
    ):
        yield Api(http)


def problem_of(response: httpx.Response) -> dict:
    """Return the problem in a response, after checking that it is a complete problem document."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["type"] == f"urn:holdfast:problem:{problem['code']}"
    assert problem["error"] == problem["title"] != ""
    assert problem["detail"]
    assert problem["instance"] == httpx.URL(str(response.request.url)).raw_path.decode().partition("?")[0]
    assert problem["request_id"] == response.headers["x-request-id"]
    return problem


def refused(response: httpx.Response, status: int, code: str) -> dict:
    """Assert a refusal and return its problem."""
    assert (response.status_code, response.json().get("code")) == (status, code), response.text
    return problem_of(response)
