"""Answers that clients and proxies may keep and ask about: entity tags, 304, and compression when asked for."""

import asyncio
import zlib
from typing import Protocol

from holdfast.application.reading.kept_answers import KeptAnswers
from holdfast.domain.booking.snapshot import Mark
from holdfast.http.endpoints.answer import JSON, Answer, Header, event_version
from holdfast.http.endpoints.call import Call

REVALIDATE: Header = (b"cache-control", b"no-cache")
VARY: Header = (b"vary", b"accept, accept-encoding, origin")
"""Origin too: a shared cache must not hand a page the copy that was made for a caller without one."""

GZIP_LEVEL = 1
GZIP_BYTES_MIN = 1_024
GZIP_INLINE_BYTES_MAX = 128 * 1024
"""Up to here compressing takes about a millisecond; more is done off the event loop."""
_GZIP_WINDOW = 31

TAGS_MAX = 32
"""Entity tags of one request that are looked at."""


class State(Protocol):
    """A state of an event's seats: a map, or how the event stands."""

    @property
    def mark(self) -> Mark:
        """Which state it is."""
        ...


def state_tag(representation: str, state: State) -> bytes:
    """Name a state of an event's seats in one representation."""
    return f'"{representation}-{state.mark.name}"'.encode()


def unchanged(call: Call, tag: bytes, *, version: int, headers: tuple[Header, ...] = ()) -> Answer | None:
    """Answer 304 where the client has what this tag names, compressed or not; None where it must be sent.

    It is asked before anything is loaded or written.
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
    """Answer a GET with a body that has an entity tag: 304 where the client has it, compressed where it wants that.

    Args:
        call: The request.
        body: What is answered, in one piece or several.
        tag: Its entity tag.
        version: Of the event.
        content_type: The header.
        headers: Further ones.
        kept: Where the compressed body is kept for the next who ask, and of which state it is.
    """
    size_bytes = len(body) if isinstance(body, bytes) else sum(map(len, body))
    gzipped = size_bytes >= GZIP_BYTES_MIN and _wants_gzip(call)
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
    """Give the headers of an answer that has an entity tag."""
    common: tuple[Header, ...] = ((b"etag", tag), VARY, *headers)
    if version is not None:
        common = (event_version(version), *common)
    if any(name == b"cache-control" for name, _ in headers):
        return common
    return (*common, REVALIDATE)


def _gzipped(tag: bytes) -> bytes:
    return tag[:-1] + b'-gz"'


def has_tag(call: Call, tag: bytes) -> bool:
    """Tell whether the client says that it has this representation (If-None-Match, compared weakly)."""
    tags = tags_of(call)
    return tag in tags or b"*" in tags


def tags_of(call: Call) -> list[bytes]:
    """Give the entity tags of what the client says that it has."""
    known = call.headers.get(b"if-none-match")
    if known is None:
        return []
    return [part.strip().removeprefix(b"W/") for part in known.split(b",", TAGS_MAX)[:TAGS_MAX]]


def _wants_gzip(call: Call) -> bool:
    accepted = call.headers.get(b"accept-encoding")
    if accepted is None or b"gzip" not in accepted:
        return False
    for part in accepted.split(b","):
        name, _, weight = part.partition(b";")
        if name.strip() == b"gzip":
            return weight.replace(b" ", b"").rstrip(b"0").rstrip(b".") != b"q="
    return False


def _gzip(body: bytes | list[bytes]) -> bytes:
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    pieces = [body] if isinstance(body, bytes) else body
    return b"".join([*map(compressor.compress, pieces), compressor.flush()])
