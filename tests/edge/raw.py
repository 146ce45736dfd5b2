"""A server over an application that tells what it read, and a socket that sends it exactly these bytes."""

import json
from contextlib import asynccontextmanager

from api.serving import serving
from holdfast.bench.clients.raw import Answer, open_raw


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


@asynccontextmanager
async def wire_to(url: str):
    """Open a connection to the server of a URL."""
    host, _, port = url.removeprefix("http://").partition(":")
    async with await open_raw((host, int(port))) as wire:
        yield wire


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
    problem = answer.json()
    assert problem["status"] == answer.status
    assert problem["type"] == f"urn:holdfast:problem:{problem['code']}"
    assert problem["error"] == problem["title"] != ""
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem
