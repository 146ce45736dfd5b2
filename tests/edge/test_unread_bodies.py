"""What becomes of a body that nobody wanted, or that is broken off."""

import asyncio

import pytest

from edge.raw import exchange, problem_in
from edge.requests import GET, refusing


async def test_a_body_that_is_broken_off_never_reaches_the_handler_as_a_whole():
    async with exchange() as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        wire.writer.write_eof()
        assert await wire.ended()


async def test_a_chunk_that_is_none_is_refused_where_the_body_is_read():
    async with exchange() as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n" + GET)
        assert problem_in(await wire.answer())["code"] == "malformed_request"
        assert await wire.ended()


async def test_a_body_is_asked_for_once_it_is_wanted():
    async with exchange() as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert (await wire.answer()).status == 100
        await wire.send(b"ab")
        assert (await wire.answer()).json()["body"] == "ab"


async def test_a_body_in_many_small_chunks_that_nobody_wanted_is_read_past():
    async with exchange(refusing) as wire:
        chunks = b"1\r\na\r\n" * 5_000 + b"0\r\n\r\n"
        await wire.send(b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + GET)
        assert [(await wire.answer()).body for _ in range(2)] == [b"/a", b"/"]


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        (b"", [b"1000\r\n" + bytes(4096) + b"\r\n"] * 60),
        (b"", [b"no chunk\r\n"]),
        (b"no chunk\r\n", [GET]),
        (b"1\r\na\r\n" * 20_000, [GET]),
        (b"5\r\nabcde\r\n", [b"0\r\n\r\n" + GET]),
    ],
)
async def test_a_body_that_nobody_wanted_is_never_answered_a_second_time(start, rest):
    """Its client would take the second answer for that of its next request: Go's took a 400 for a GET's."""
    async with exchange(refusing) as wire:
        await wire.send(b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + start)
        answer = await wire.answer()
        assert (answer.body, answer.headers["connection"]) == (b"/a", "close")
        await wire.send(*rest)
        assert await wire.ended()


@pytest.mark.parametrize(
    "announced", [b"Content-Length: 30000000\r\n", b"Expect: 100-continue\r\nContent-Length: 9\r\n"]
)
async def test_where_reading_past_a_body_is_not_worth_it_the_connection_ends(announced):
    async with exchange(refusing) as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + announced + b"\r\n")
        answer = await wire.answer()
        assert (answer.status, answer.headers["connection"]) == (401, "close")
        await wire.send(GET)
        assert await wire.ended()


async def test_a_refusal_is_seen_by_a_client_that_is_still_sending():
    """A connection that is closed while bytes arrive is reset, and the answer lost."""
    async with exchange() as wire:
        sending = asyncio.create_task(wire.send(*[b"A: " + b"b" * 1_000_000] * 20))
        await wire.send(b"GET / HTTP/1.1\r\n")
        assert (await wire.answer()).status == 431
        sending.cancel()
