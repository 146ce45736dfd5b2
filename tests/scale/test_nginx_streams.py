"""Streams of changes through nginx: they arrive as they happen, and are in nobody's way."""

import asyncio
import contextlib
import resource

import pytest

from holdfast.bench.clients.raw import open_raw
from scale.http_caller import Caller, until
from scale.problems_of_nginx import problem_in

# nginx is restarted on its port: in another process a test of this file could take the port meanwhile, and answer.
pytestmark = pytest.mark.xdist_group("nginx")


@pytest.mark.parametrize("told_by", ["the node", "the path"])
async def test_events_arrive_as_they_happen(front, told_by):
    async with front() as running:
        node = running.nodes[0]
        node.streams = True
        node.answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
        node.answer += b"X-Accel-Buffering: no\r\n\r\n" if told_by == "the node" else b"\r\n"
        connection = await open_raw(("127.0.0.1", running.port))
        path = b"/api/v1/events/7/changes" if told_by == "the path" else b"/api/v1/other"
        await connection.send(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        for number in range(3):
            event = b"data: %d\n\n" % number
            node.more.put_nowait(event)
            async with asyncio.timeout(10):
                assert event in await connection.reader.readuntil(event)
        node.more.put_nowait(None)
        connection.abort()


async def test_asking_for_events_elsewhere_is_no_way_around_the_buffers(front):
    """A node must be able to send its response however slowly the caller reads: 45 slow readers once cost it 619 MB."""
    piece, pieces = b"x" * 128 * 1024, 128
    async with front() as running:
        node = running.nodes[0]
        node.streams = True
        node.answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        node.answer += b"Content-Length: %d\r\n\r\n" % (len(piece) * pieces)
        for _ in range(pieces):
            node.more.put_nowait(piece)
        async with await open_raw(("127.0.0.1", running.port)) as slow:
            await slow.send(b"GET /api/v1/events/7/seats HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
            await until(lambda: _is(node.more.empty()))
            node.more.put_nowait(None)


async def test_nobodys_streams_keep_others_from_being_answered(front):
    """300 buyers behind one address have room; thousands of streams are refused, and probes are answered."""
    with files_for(6_000):
        async with front() as running:
            node = running.nodes[0]
            node.streams = True
            node.answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\n"
            asked = b"GET /api/v1/events/7/changes HTTP/1.1\r\nHost: a\r\n\r\n"
            opened = []
            for _ in range(11):
                some = await asyncio.gather(*(open_raw(("127.0.0.1", running.port)) for _ in range(100)))
                for connection in some:
                    await connection.send(asked)
                opened += some
            async with asyncio.timeout(40):
                firsts = await asyncio.gather(*(connection.reader.readuntil(b"\r\n") for connection in opened))
            assert [first.split()[1] for first in firsts].count(b"200") == 1_000
            node.streams = False
            node.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            async with Caller(running.port) as caller:
                problem = problem_in(await caller.exchange(asked), 503, "unavailable")
                assert (problem["outcome"], problem["retry_after_seconds"]) == ("none", 1)
                for path in ("/health", "/livez", "/readyz", "/metrics", "/api/v1/health", "/api/v1/events"):
                    assert (await caller.call("GET", path)).status == 200, path
                assert (await caller.call("POST", "/api/v1/reservations", {})).status == 200
            for connection in opened:
                connection.abort()
            for _ in range(1_000):
                node.more.put_nowait(None)


@contextlib.contextmanager
def files_for(number: int):
    """Allow this process so many open files, as far as its owner may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number:
        pytest.skip(f"this user may open {hard} files, not {number}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _is(condition: bool) -> bool:
    return condition
