"""The end of a process: one time for all of its parts, whatever is under way."""

import asyncio
import signal
import subprocess
import sys
import time

import pytest

from api.serving import serving
from edge.raw import telling, wire_to
from edge.test_connection import GET
from holdfast.application.lifecycle.shutdown import Deadline


def test_the_time_is_shared():
    deadline = Deadline(10.0)
    assert 7.0 < deadline.left(for_others=2.0) < 8.0
    assert 7.0 < deadline.left(for_others=100.0) < 7.5
    before = deadline.left()
    time.sleep(0.02)
    deadline.begin()
    assert deadline.left() < before < 10.0
    over = Deadline(0.001)
    over.begin()
    time.sleep(0.01)
    assert over.left(for_others=1.0) == 0.0


HANGS = """
import asyncio, os, signal, threading, time
from holdfast.application.lifecycle.shutdown import Deadline
deadline = Deadline(0.5, when_over=lambda: os._exit(7))
async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, deadline.begin)
    print("up", flush=True)
    await asyncio.to_thread(time.sleep, 60)
asyncio.run(main())
"""


def test_what_cannot_be_cancelled_is_ended_by_force():
    with subprocess.Popen([sys.executable, "-c", HANGS], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 7


@pytest.mark.parametrize("under_way", [b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP", b"", GET])
async def test_the_server_ends_in_time_with_anything_under_way(under_way):
    async def waiting(scope, receive, send):
        if scope["path"] == "/wait":
            await asyncio.sleep(60)
        await telling(scope, receive, send)

    async with asyncio.timeout(20):
        async with serving(waiting, shutdown_seconds=0.4) as url, wire_to(url) as wire:
            await wire.send(under_way)
            if under_way == GET:
                assert (await wire.answer()).status == 200
            await asyncio.sleep(0.05)
        assert await wire.ended()


async def test_answers_under_way_are_finished_first():
    async def slow(scope, receive, send):
        await asyncio.sleep(0.5)
        await telling(scope, receive, send)

    async with serving(slow) as url:
        reader_and_writer = wire_to(url)
        wire = await reader_and_writer.__aenter__()
        await wire.send(GET)
        await asyncio.sleep(0.05)
    answer = await wire.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    await reader_and_writer.__aexit__(None, None, None)
