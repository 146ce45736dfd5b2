"""Answers that clients and proxies may keep and ask about: entity tags, 304, and compression when asked for."""

import asyncio
import zlib

from holdfast.api.answer import JSON, Answer, Header, event_version
from holdfast.api.call import Call
from holdfast.application.reading.seat_map import SeatMap

REVALIDATE: Header = (b"cache-control", b"no-cache")
VARY: Header = (b"vary", b"accept, accept-encoding, origin")
"""Origin too: a shared cache must not hand a page the copy that was made for a caller without one."""

GZIP_LEVEL = 1
GZIP_BYTES_MIN = 1_024
GZIP_INLINE_BYTES_MAX = 128 * 1024
"""Up to here compressing takes about a millisecond; more is done off the event loop."""
_GZIP_WINDOW = 31


def state_tag(representation: str, seat_map: SeatMap) -> bytes:
    """Name a state of an event's seats in one representation."""
    return f'"{representation}-{seat_map.mark.name}"'.encode()


async def represent(
    call: Call,
    body: bytes,
    *,
    tag: bytes,
    version: int | None,
    content_type: Header = JSON,
    headers: tuple[Header, ...] = (),
) -> Answer:
    """Answer a GET with a body that has an entity tag: 304 where the client has it, compressed where it wants that."""
    gzipped = len(body) >= GZIP_BYTES_MIN and _wants_gzip(call)
    sent_tag = tag[:-1] + b'-gz"' if gzipped else tag
    common: tuple[Header, ...] = ((b"etag", sent_tag), VARY, *headers)
    if version is not None:
        common = (event_version(version), *common)
    if not any(name == b"cache-control" for name, _ in headers):
        common = (*common, REVALIDATE)
    if has_tag(call, sent_tag):
        return Answer(304, b"", common, content_type=None)
    if not gzipped:
        return Answer(200, body, common, content_type)
    if len(body) <= GZIP_INLINE_BYTES_MAX:
        compressed = _gzip(body)
    else:
        compressed = await asyncio.to_thread(_gzip, body)
    return Answer(200, compressed, (*common, (b"content-encoding", b"gzip")), content_type)


def has_tag(call: Call, tag: bytes) -> bool:
    """Tell whether the client says that it has this representation (If-None-Match, compared weakly)."""
    known = call.headers.get(b"if-none-match")
    if known is None:
        return False
    tags = {part.strip().removeprefix(b"W/") for part in known.split(b",")}
    return tag in tags or b"*" in tags


def _wants_gzip(call: Call) -> bool:
    accepted = call.headers.get(b"accept-encoding")
    if accepted is None or b"gzip" not in accepted:
        return False
    for part in accepted.split(b","):
        name, _, weight = part.partition(b";")
        if name.strip() == b"gzip":
            return weight.replace(b" ", b"").rstrip(b"0").rstrip(b".") != b"q="
    return False


def _gzip(body: bytes) -> bytes:
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return compressor.compress(body) + compressor.flush()
