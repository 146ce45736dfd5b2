"""What a node makes of the bytes of one connection: each is read once, and a refusal is a problem like any other."""

import asyncio
import json
import os
import socket
from contextlib import AsyncExitStack
from uuid import UUID

import asyncpg
import pytest

from api.serving import api_with, serving
from builders import a_wish
from edge.raw import exchange, problem_in, telling, wire_to
from edge.requests import GET, refusing
from edge.test_head import REFUSED
from holdfast.http.protocol import pace
from holdfast.telemetry import metrics


@pytest.fixture(scope="module")
def inner():
    return b"DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    "offer",
    [
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
        b"Upgrade: h2c\r\n",
    ],
)
async def test_an_upgrade_that_is_offered_takes_nothing_from_the_body(offer, together, inner):
    head = b"POST / HTTP/1.1\r\nHost: a\r\n%bContent-Length: %d\r\n\r\n" % (offer, len(inner))
    async with exchange() as wire:
        await wire.send(*([head + inner] if together else [head, inner]))
        assert (await wire.answer()).json()["body"] == inner.decode()
        await wire.send(GET)
        assert (await wire.answer()).json()["method"] == "GET"


async def test_trailer_fields_never_become_headers(inner):
    async with exchange() as wire:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        await wire.send(head + b"3;x=y\r\nabc\r\n0\r\nX-User-ID: vic\r\nContent-Length: 99\r\n\r\n" + inner)
        told = (await wire.answer()).json()
        assert told["body"] == "abc"
        assert [name for name, _ in told["headers"]] == ["host", "transfer-encoding"]
        assert (await wire.answer()).json()["method"] == "DELETE"


@pytest.mark.parametrize("what", REFUSED)
async def test_what_cannot_be_read_is_a_problem_like_any_other(what):
    head, status = REFUSED[what]
    counted = metrics.http_requests_total.labels
    before = sum(_count(counted, method, status) for method in ("other", "GET", "POST", "CONNECT"))
    async with exchange() as wire:
        await wire.send(head + GET)
        problem = problem_in(await wire.answer())
        assert problem["status"] == status
        assert await wire.ended()
    assert sum(_count(counted, method, status) for method in ("other", "GET", "POST", "CONNECT")) == before + 1


def _count(counted, method, status):
    return counted(method, "unmatched", str(status))._value.get()


async def test_a_head_may_come_byte_by_byte():
    async with exchange() as wire:
        for byte in b"\r\n" + GET:
            await wire.send(bytes([byte]))
        assert (await wire.answer()).status == 200


async def test_requests_that_come_together_are_answered_in_their_order():
    async with exchange() as wire:
        await wire.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(200)))
        assert [(await wire.answer()).json()["path"] for _ in range(200)] == [f"/{number}" for number in range(200)]


async def test_a_client_that_closes_its_sending_side_gets_its_answers():
    async with exchange() as wire:
        await wire.send(GET * 3)
        wire.writer.write_eof()
        assert [(await wire.answer()).status for _ in range(3)] == [200, 200, 200]
        assert await wire.ended()


@pytest.mark.parametrize("rest", [b"Content-Length: 5\r\n\r\nab", b"Transfer-Encoding: chunked\r\n\r\n3\r\nab"])
async def test_a_body_that_is_broken_off_behind_other_requests_holds_no_connection(rest):
    """Its exchange begins when the client has closed its sending side long before."""
    async with exchange(slowly) as wire:
        await wire.send(GET * 3 + b"POST / HTTP/1.1\r\nHost: a\r\n" + rest)
        wire.writer.write_eof()
        assert [(await wire.answer()).status for _ in range(3)] == [200, 200, 200]
        assert await wire.ended()


async def test_a_request_behind_others_is_left_like_any_other_once_the_client_has_closed_its_sending_side():
    ended = asyncio.Event()

    async def waiting(scope, receive, send):
        if scope["method"] == "GET":
            await slowly(scope, receive, send)
            return
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with exchange(waiting) as wire:
        await wire.send(GET + b"POST / HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.writer.write_eof()
        async with asyncio.timeout(10):
            await ended.wait()


async def slowly(scope, receive, send):
    await asyncio.sleep(0.05)
    await telling(scope, receive, send)


async def test_a_body_that_nobody_wanted_is_not_read_as_the_next_request(inner):
    async with exchange(refusing) as wire:
        head = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(inner)
        await wire.send(head, inner[:10], inner[10:] + GET)
        assert [(await wire.answer()).body for _ in range(2)] == [b"/a", b"/"]
        chunked = b"POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        await wire.send(chunked + b"5\r\nabcde\r\n0\r\nX: y\r\n\r\n" + GET)
        assert [(await wire.answer()).body for _ in range(2)] == [b"/b", b"/"]


async def test_head_and_bodiless_answers_have_no_body():
    async def answering(scope, _receive, send):
        status = int(scope["path"][1:])
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ab"})

    async with exchange(answering) as wire:
        await wire.send(b"HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await wire.answer(to="HEAD")).headers["content-length"] == "2"
        for status in (204, 304, 200):
            await wire.send(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % status)
            assert (await wire.answer()).status == status


@pytest.mark.parametrize(
    "fields",
    [
        [(b"content-length", b"3")],
        [(b"content-length", b"1")],
        [(b"x", b"a\r\nSet-Cookie: b"), (b"content-length", b"2")],
    ],
)
async def test_an_answer_that_would_be_read_as_something_else_is_not_sent(fields):
    async def answering(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b"ab"})

    async with exchange(answering) as wire:
        await wire.send(GET)
        assert problem_in(await wire.answer())["code"] == "internal_error"
        assert await wire.ended()


async def test_http_1_0_is_answered_and_closed():
    async with exchange() as wire:
        await wire.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        answer = await wire.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await wire.ended()


async def test_a_client_that_hangs_up_ends_what_is_done_for_it():
    begun, ended = asyncio.Event(), asyncio.Event()

    async def waiting(_scope, _receive, _send):
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    for hang_up in ("reset", "close"):
        async with serving(waiting) as url, wire_to(url) as wire:
            await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")
            await begun.wait()
            sock = wire.writer.get_extra_info("socket")
            if hang_up == "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            wire.writer.transport.abort()
            async with asyncio.timeout(20):
                await ended.wait()
        begun.clear()
        ended.clear()


async def large(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(LARGE))]})
    await send({"type": "http.response.body", "body": LARGE})


LARGE = os.urandom(8 * 1024 * 1024)


async def test_a_large_answer_arrives_whole():
    async with exchange(large) as wire:
        await wire.send(GET * 2)
        assert [(await wire.answer()).body for _ in range(2)] == [LARGE, LARGE]


async def test_a_flood_of_requests_without_reading_is_held_back():
    """Neither the requests nor their answers may heap up in the process."""
    answered = 0

    async def counting(scope, receive, send):
        nonlocal answered
        answered += 1
        await telling(scope, receive, send)

    async with exchange(counting) as wire:
        wire.writer.transport.set_write_buffer_limits(high=0)
        sent = 0
        try:
            async with asyncio.timeout(15):
                while True:
                    await asyncio.wait_for(wire.send(GET * 2000), 1.0)
                    sent += 2000
        except TimeoutError:
            pass
        assert sent < 200_000
        assert 0 < answered < 200_000
        for _ in range(100):
            assert (await wire.answer()).status == 200


async def test_two_callers_in_one_request_are_no_caller(database_url, redis_url):
    async with api_with(database_url=database_url, redis_url=redis_url) as api, wire_to(str(api.http.base_url)) as wire:
        await wire.send(b"GET /api/v1/reservations HTTP/1.1\r\nHost: a\r\nX-User-ID: a\r\nX-User-ID: b\r\n\r\n")
        assert problem_in(await wire.answer())["code"] == "malformed_request"


@pytest.mark.parametrize("way", ["hangs up", "waits with its sending side closed"])
async def test_a_buyer_who_hangs_up_leaves_the_queue(database_url, redis_url, way):
    async with api_with(database_url=database_url, redis_url=redis_url) as api:
        event_id, seat_ids = await api.event_on_sale(seats=6)
        locker = await asyncpg.connect(database_url)
        lock = locker.transaction()
        await lock.start()
        await locker.execute("SELECT 1 FROM events WHERE id = $1 FOR NO KEY UPDATE", UUID(event_id))
        staying = asyncio.create_task(api.reserve(event_id, [seat_ids[5]]))
        await asyncio.sleep(0.2)
        async with AsyncExitStack() as stack:
            for seat_id in seat_ids[:5]:
                wire = await stack.enter_async_context(wire_to(str(api.http.base_url)))
                body = json.dumps(a_wish(event_id=event_id, seat_ids=[seat_id])).encode()
                head = b"POST /api/v1/reservations HTTP/1.1\r\nHost: a\r\nX-User-ID: u\r\nContent-Length: %d\r\n\r\n"
                await wire.send(head % len(body) + body)
                await asyncio.sleep(0.02)
                if way == "hangs up":
                    wire.writer.transport.abort()
                else:
                    wire.writer.write_eof()
            await asyncio.sleep(pace.WRITE_GRACE_SECONDS + 0.2)
        await lock.rollback()
        await locker.close()
        assert (await staying).status_code == 201
        await asyncio.sleep(0.2)
        count = await api.get(f"/events/{event_id}/seats/available/count")
        assert count.json() == {"count": 5}
