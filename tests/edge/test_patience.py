"""Nobody is waited for for ever, and a full node still answers those who look after it."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from api.serving import serving
from edge.raw import exchange, problem_in, telling, wire_to
from edge.test_connection import GET, LARGE, large, refusing
from holdfast.http.protocol import pace, skipping, watch

PROBE = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    """Every patience is a fraction of a second here, and the looks at it come as much more often."""
    monkeypatch.setattr(watch, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(watch, "HEAD_SECONDS_MAX", 0.4)
    monkeypatch.setattr(watch, "IDLE_SECONDS_MAX", 0.8)
    monkeypatch.setattr(watch, "SHED_SECONDS_MIN", 0.2)
    monkeypatch.setattr(pace, "BODY_GRACE_SECONDS", 0.4)
    monkeypatch.setattr(pace, "TAKING_SECONDS", 0.5)
    monkeypatch.setattr(watch, "LINGER_SECONDS", 0.4)
    monkeypatch.setattr(skipping, "LINGER_SECONDS_MAX", 1.0)


async def test_a_silent_connection_ends():
    async with exchange() as wire:
        assert await wire.ended()


async def test_an_idle_connection_ends():
    async with exchange() as wire:
        await wire.send(GET)
        assert (await wire.answer()).status == 200
        assert await wire.ended()


@pytest.mark.parametrize("start", [b"G", b"\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n"])
async def test_a_head_without_an_end_is_refused(start):
    async with exchange() as wire:
        await wire.send(start)
        assert problem_in(await wire.answer())["status"] == 408
        assert await wire.ended()


async def test_a_head_that_comes_in_drops_is_refused_all_the_same():
    async with exchange() as wire:
        await wire.send(b"GET / HTTP/1.1\r\n")
        dripping = asyncio.create_task(_drip(wire, b"X: y\r\n"))
        assert problem_in(await wire.answer())["status"] == 408
        dripping.cancel()


async def _drip(wire, drop):
    while True:
        await wire.send(drop)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("drop", [b"", b"a"])
async def test_a_body_that_comes_too_slowly_is_refused(drop):
    async with exchange() as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nab")
        dripping = asyncio.create_task(_drip(wire, drop))
        assert problem_in(await wire.answer())["status"] == 408
        dripping.cancel()
        assert await wire.ended()


async def test_a_body_that_stops_is_refused_however_much_of_it_came_at_once():
    """By its average a body of 17 MB could stop for four hours and more."""
    async with exchange() as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + bytes(2_000_000))
        assert problem_in(await wire.answer())["status"] == 408


async def test_a_body_that_nobody_wanted_and_that_does_not_come_is_not_answered_again():
    async with exchange(refusing) as wire:
        await wire.send(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
        assert (await wire.answer()).body == b"/a"
        assert await wire.ended()


async def test_chunks_that_hold_nothing_are_no_body():
    async with exchange() as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;")
        dripping = asyncio.create_task(_drip(wire, b"a"))
        assert problem_in(await wire.answer())["status"] == 408
        dripping.cancel()


async def test_a_body_that_comes_steadily_is_waited_for():
    async with exchange() as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n")
        for _ in range(20):
            await wire.send(b"a" * 1000)
            await asyncio.sleep(0.04)
        assert len((await wire.answer()).json()["body"]) == 20000


async def test_a_handler_may_take_its_time():
    async def slow(scope, receive, send):
        await asyncio.sleep(1.2)
        await telling(scope, receive, send)

    async with exchange(slow) as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
        assert (await wire.answer()).json()["body"] == "ab"


async def test_a_client_that_reads_nothing_is_cut_off():
    ended = asyncio.Event()

    async def watched(scope, receive, send):
        try:
            await large(scope, receive, send)
        finally:
            ended.set()

    async with exchange(watched) as wire:
        wire.writer.transport.pause_reading()
        await wire.send(GET)
        async with asyncio.timeout(20):
            await ended.wait()


@pytest.mark.slow
async def test_a_client_that_reads_nothing_of_its_last_answer_is_cut_off(monkeypatch):
    """Its handler ended long ago: the answer waits in the transport."""
    closed = asyncio.Event()
    monkeypatch.setattr(watch.Watch, "closed", lambda _watch, _connection: closed.set())
    content = bytes(60_000)

    async def answering(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"60000")]})
        await send({"type": "http.response.body", "body": content})

    async with exchange(answering) as wire:
        wire.writer.transport.pause_reading()
        sending = asyncio.create_task(wire.send(*[GET] * 2000))
        async with asyncio.timeout(20):
            await closed.wait()
        sending.cancel()
        monkeypatch.undo()


async def test_a_client_that_reads_slowly_gets_all_of_it():
    async with exchange(large) as wire:
        await wire.send(GET)
        got = b""
        while len(got) < len(LARGE):
            piece = await wire.reader.read(400_000)
            assert piece
            got += piece
            await asyncio.sleep(0.03)
        assert got.endswith(LARGE)


async def test_a_client_that_is_still_sending_is_given_time_to_see_its_refusal():
    async with exchange() as wire:
        await wire.send(b"GET /\r\n\r\n")
        for _ in range(8):
            await asyncio.sleep(0.1)
            await wire.send(b"x")
        assert (await wire.answer()).status == 400


async def test_a_client_that_goes_on_sending_after_its_refusal_is_cut_off():
    async with exchange() as wire:
        await wire.send(b"GET /\r\n\r\n")
        dripping = asyncio.create_task(_drip(wire, b"x"))
        assert (await wire.answer()).status == 400
        assert await wire.ended()
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(10):
                await dripping


HALF_BODY = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na"


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n", HALF_BODY])
async def test_who_has_waited_the_longest_makes_room_for_a_new_connection(start, monkeypatch):
    monkeypatch.setattr(watch, "HEAD_SECONDS_MAX", 30.0)
    monkeypatch.setattr(pace, "BODY_GRACE_SECONDS", 30.0)
    async with serving(telling, connections_max=3) as url, wire_to(url) as used, wire_to(url) as a, wire_to(url) as b:
        for wire in (a, b):
            await wire.send(start)
        await used.send(GET)
        assert (await used.answer()).status == 200
        await asyncio.sleep(0.3)
        async with wire_to(url) as late, wire_to(url) as later:
            for wire in (late, later):
                await wire.send(GET)
                assert (await wire.answer()).status == 200


async def test_a_full_node_answers_probes_and_says_to_others_that_it_is_full():
    go_on = asyncio.Event()

    async def waiting(scope, receive, send):
        if scope["path"] == "/wait":
            await go_on.wait()
        await telling(scope, receive, send)

    async with serving(waiting, connections_max=2) as url, wire_to(url) as first, wire_to(url) as second:
        for wire in (first, second):
            await wire.send(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(0.1)
        async with wire_to(url) as other, wire_to(url) as prober:
            await other.send(GET)
            answer = await other.answer()
            problem = problem_in(answer)
            assert (problem["status"], problem["code"], problem["outcome"]) == (503, "too_many_connections", "none")
            assert answer.headers["retry-after"] == "1"
            await prober.send(PROBE)
            answer = await prober.answer()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
            assert await prober.ended()
        go_on.set()
        for wire in (first, second):
            assert (await wire.answer()).status == 200


async def test_silent_connections_beyond_all_room_push_each_other_out(monkeypatch):
    monkeypatch.setattr(watch, "SPARE_CONNECTIONS", 3)
    monkeypatch.setattr(watch, "HEAD_SECONDS_MAX", 30.0)
    monkeypatch.setattr(watch, "SHED_SECONDS_MIN", 30.0)
    async with serving(telling, connections_max=2) as url, AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(wire_to(url)) for _ in range(12)]
        for _ in range(3):
            async with wire_to(url) as prober:
                await prober.send(PROBE)
                assert (await prober.answer()).status == 200
        closed = [await wire.ended(0.05) for wire in silent]
        assert closed.count(False) <= 5


def test_a_process_that_may_open_few_files_takes_fewer_connections(monkeypatch):
    loop = asyncio.new_event_loop()
    monkeypatch.setattr(watch, "files_max", lambda: 1024)
    assert 0 < watch.Watch(loop, 20_000).connections_max + watch.OTHER_FILES <= 1024
    monkeypatch.setattr(watch, "files_max", lambda: 64)
    assert watch.Watch(loop, 20_000).connections_max > 0
    loop.close()
