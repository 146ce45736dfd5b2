"""Requests that several tests of the edge send."""

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def refusing(scope, _receive, send):
    """Answers without having read the body."""
    content = scope["path"].encode()
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"%d" % len(content))]})
    await send({"type": "http.response.body", "body": content})
