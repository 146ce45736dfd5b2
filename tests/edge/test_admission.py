"""A crowd of requests begins a few at a time, in the order in which they came."""

import asyncio
import os
import socket
import struct
import time
from contextlib import AsyncExitStack, asynccontextmanager, closing
from itertools import pairwise

import pytest

from api.serving import serving
from edge.raw import wire_to
from holdfast.http.protocol.admission import REQUESTS_PER_TURN
from holdfast.telemetry import metrics

CROWD = 10 * REQUESTS_PER_TURN
PROBE = "/health"


class Application:
    """Notes what begins."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.has_begun = asyncio.Event()
        self.busy_seconds = 0.0

    async def __call__(self, scope, _receive, send) -> None:
        self.begun.append(scope["path"])
        self.has_begun.set()
        time.sleep(self.busy_seconds)  # noqa: ASYNC251 - as an event loop that has much to do
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def request_for(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


@asynccontextmanager
async def crowd(url: str, paths):
    """Open connections, and send all requests so that they arrive in one look."""
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(wire_to(url)) for _ in paths]
        for wire, path in zip(wires, paths, strict=True):
            # Past the event loop: it must not read any before all have arrived.
            os.write(wire.writer.get_extra_info("socket").fileno(), request_for(path))
        yield wires


@pytest.fixture
def app():
    return Application()


async def test_others_are_served_while_a_crowd_begins(app):
    """What arrives from PostgreSQL waits for a few requests, not for all that have come."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with closing(ours), closing(theirs):
        seen = [0]

        def row_came() -> None:
            ours.recv(3)
            seen.append(len(app.begun))
            theirs.send(b"row")

        asyncio.get_running_loop().add_reader(ours, row_came)
        theirs.send(b"row")
        async with serving(app) as url, crowd(url, [f"/{number}" for number in range(CROWD)]) as wires:
            for wire in wires:
                assert (await wire.answer()).status == 204
            asyncio.get_running_loop().remove_reader(ours)
            assert [int(path[1:]) for path in app.begun] == list(range(CROWD))
            assert max(after - before for before, after in pairwise(seen)) <= 2 * REQUESTS_PER_TURN


async def test_a_probe_does_not_wait_in_line(app):
    paths = [*(f"/{number}" for number in range(CROWD)), PROBE]
    async with serving(app) as url, crowd(url, paths) as wires:
        for wire in wires:
            assert (await wire.answer()).status == 204
        assert app.begun.index(PROBE) <= 2 * REQUESTS_PER_TURN


async def test_who_hangs_up_in_line_is_left_out_and_who_only_ends_sending_is_not(app):
    app.busy_seconds = 0.002
    paths = [f"/{number}" for number in range(CROWD)]
    async with serving(app) as url, crowd(url, paths) as wires:
        await app.has_begun.wait()
        reset = struct.pack("ii", 1, 0)
        wires[-1].writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        wires[-1].writer.transport.abort()
        wires[-2].writer.write_eof()
        for wire in wires[:-1]:
            assert (await wire.answer()).status == 204
    assert app.begun == paths[:-1]
    assert metrics.requests_waiting._value.get() == 0


async def test_requests_in_line_are_answered_when_the_node_ends(app):
    app.busy_seconds = 0.002
    async with AsyncExitStack() as stack:
        serving_app = serving(app)
        wires = await stack.enter_async_context(
            crowd(await serving_app.__aenter__(), [f"/{number}" for number in range(CROWD)])
        )
        await app.has_begun.wait()
        ending = asyncio.create_task(serving_app.__aexit__(None, None, None))
        answers = [await wire.answer() for wire in wires]
        assert {answer.status for answer in answers} == {204}
        await ending
        assert len(app.begun) == CROWD


async def test_requests_in_one_breath_begin_one_after_another(app):
    async with serving(app) as url, wire_to(url) as wire:
        await wire.send(b"".join(request_for(f"/{number}") for number in range(CROWD)))
        for _ in range(CROWD):
            assert (await wire.answer()).status == 204
    assert app.begun == [f"/{number}" for number in range(CROWD)]
