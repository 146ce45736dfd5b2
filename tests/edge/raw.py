"""A server over an application that tells what it read, and a socket that sends it exactly these bytes."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.serving import serving


async def telling(scope, receive, send):
    """Answers with what it was given to read."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    told = {
        "method": scope["method"],
        "path": scope["raw_path"].decode(),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
        "body": body.decode("latin-1"),
    }
    content = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def told(self):
        return json.loads(self.body)


class Wire:
    """One connection, byte by byte."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def send(self, *segments: bytes) -> None:
        """Send each in a segment of its own."""
        for segment in segments:
            self.writer.write(segment)
            await self.writer.drain()
            if len(segments) > 1:
                await asyncio.sleep(0.005)

    async def answer(self, *, to: str = "GET") -> Answer:
        """Read one answer."""
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *fields = head[:-4].split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
            status = int(line.split(" ")[1])
            if status < 200 or status in (204, 304) or to == "HEAD":
                body = b""
            elif headers.get("transfer-encoding") == "chunked":
                body = await self._chunks()
            else:
                body = await self.reader.readexactly(int(headers["content-length"]))
            return Answer(status, headers, body)

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return body

    async def ended(self, seconds: float = 10) -> bool:
        """Whether the server ends the connection without another byte."""
        try:
            async with asyncio.timeout(seconds):
                return await self.reader.read(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


@asynccontextmanager
async def wire_to(url: str):
    """Open a connection."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def exchange(app=telling, **settings):
    """A server, and one connection to it."""
    async with serving(app, **settings) as url, wire_to(url) as wire:
        yield wire


def problem_in(answer: Answer) -> dict:
    """The problem of an answer that ends its connection, after checking that it is one in every respect."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status
    assert problem["type"] == f"urn:holdfast:problem:{problem['code']}"
    assert problem["error"] == problem["title"] != ""
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem
