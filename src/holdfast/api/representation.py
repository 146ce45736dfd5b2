"""Responses that clients and proxies may cache and revalidate: entity tags, 304, and compression on request."""

import asyncio
import zlib
from hashlib import blake2b
from typing import Protocol

from holdfast.application.reading.kept_answers import KeptAnswers
from holdfast.domain.booking.snapshot import Mark
from holdfast.http.endpoints.answer import JSON, Answer, Header, event_version
from holdfast.http.endpoints.call import Call

REVALIDATE: Header = (b"cache-control", b"no-cache")
VARY: Header = (b"vary", b"accept, accept-encoding, origin")
"""Origin too, or a shared cache could give a web page the copy made for a caller without an Origin."""

GZIP_LEVEL = 1
GZIP_BYTES_MIN = 1_024
GZIP_INLINE_BYTES_MAX = 128 * 1024
"""Compressing up to this size takes about a millisecond. Anything larger is compressed in a thread."""
_GZIP_WINDOW = 31

TAGS_MAX = 32
"""Entity tags of one request that are examined."""


class State(Protocol):
    """A state of an event's seats: a map, or the event's row."""

    @property
    def mark(self) -> Mark:
        """The mark of the state."""
        ...


def state_tag(representation: str, state: State) -> bytes:
    """Return the entity tag for a state of an event's seats in one representation."""
    return f'"{representation}-{state.mark.name}"'.encode()


def body_tag(representation: str, body: bytes) -> bytes:
    """Return the entity tag of a small body that is made for each request."""
    return f'"{representation}-{blake2b(body, digest_size=12).hexdigest()}"'.encode()


def unchanged(call: Call, tag: bytes, *, version: int, headers: tuple[Header, ...] = ()) -> Answer | None:
    """Return a 304 if the client already has what this tag names, compressed or not; None if it must be sent.

    Call it before anything is loaded or encoded.
    """
    if b"if-none-match" not in call.headers:
        return None
    for known in (tag, _gzipped(tag)):
        if has_tag(call, known):
            return Answer(304, b"", headers_of(known, version, headers), content_type=None)
    return None


async def represent(
    call: Call,
    body: bytes | list[bytes],
    *,
    tag: bytes,
    version: int | None,
    content_type: Header = JSON,
    headers: tuple[Header, ...] = (),
    kept: tuple[KeptAnswers, Mark] | None = None,
) -> Answer:
    """Answer a GET with a body that has an entity tag: 304 if the client has it, compressed if the client wants that.

    Args:
        call: The request.
        body: The body, in one piece or several.
        tag: The body's entity tag.
        version: The event's version.
        content_type: The Content-Type.
        headers: Additional headers.
        kept: The cache for the compressed body, and the state it belongs to.
    """
    size_bytes = len(body) if isinstance(body, bytes) else sum(map(len, body))
    gzipped = size_bytes >= GZIP_BYTES_MIN and call.accepts_gzip()
    sent_tag = _gzipped(tag) if gzipped else tag
    common = headers_of(sent_tag, version, headers)
    if has_tag(call, sent_tag):
        return Answer(304, b"", common, content_type=None)
    if not gzipped:
        return Answer(200, body, common, content_type)

    async def compress() -> bytes:
        if size_bytes <= GZIP_INLINE_BYTES_MAX:
            return _gzip(body)
        return await asyncio.to_thread(_gzip, body)

    if kept is None:
        compressed = await compress()
    else:
        compressed = await kept[0].made(tag.partition(b"-")[0].decode(), kept[1], compress)
    return Answer(200, compressed, (*common, (b"content-encoding", b"gzip")), content_type)


def headers_of(tag: bytes, version: int | None, headers: tuple[Header, ...]) -> tuple[Header, ...]:
    """Return the headers of a response with an entity tag."""
    common: tuple[Header, ...] = ((b"etag", tag), VARY, *headers)
    if version is not None:
        common = (event_version(version), *common)
    if any(name == b"cache-control" for name, _ in headers):
        return common
    return (*common, REVALIDATE)


def _gzipped(tag: bytes) -> bytes:
    return tag[:-1] + b'-gz"'


def has_tag(call: Call, tag: bytes) -> bool:
    """Return whether the client says that it has this representation (If-None-Match, compared weakly)."""
    tags = tags_of(call)
    return tag in tags or b"*" in tags


def tags_of(call: Call) -> list[bytes]:
    """Return the entity tags of the copies that the client says it has."""
    known = call.headers.get(b"if-none-match")
    if known is None:
        return []
    return [part.strip().removeprefix(b"W/") for part in known.split(b",", TAGS_MAX)[:TAGS_MAX]]


def _gzip(body: bytes | list[bytes]) -> bytes:
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    pieces = [body] if isinstance(body, bytes) else body
    return b"".join([*map(compressor.compress, pieces), compressor.flush()])
