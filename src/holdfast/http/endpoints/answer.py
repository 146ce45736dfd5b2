"""What a handler gives back: a status, bytes ready to be sent, and headers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import msgspec

from holdfast.application.giving_way import give_way
from holdfast.http.protocol.security_headers import SECURITY_HEADERS, SecurityHeaders
from holdfast.http.protocol.streaming import Stream

Header: TypeAlias = tuple[bytes, bytes]
T = TypeVar("T")

JSON: Header = (b"content-type", b"application/json")
REPLAYED: Header = (b"idempotent-replayed", b"true")

_SLICE_ENTRIES = 500
"""How many entries of a list are encoded before other requests get their turn: about 0.5 ms."""

_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class Answer:
    """An HTTP answer. `body` is one piece or, where it is large, several."""

    status: int
    body: bytes | list[bytes] = b""
    headers: tuple[Header, ...] = ()
    content_type: Header | None = JSON
    code: str | None = None
    """The problem's code, for the log."""
    stream: Stream | None = None
    """Where set, the answer goes on, and `body` is not sent."""
    security: SecurityHeaders = SECURITY_HEADERS
    """What browsers may not do with it; a page needs a little more than data."""


def event_version(version: int) -> Header:
    """The header that says at which version of the event an answer is true."""
    return (b"event-version", b"%d" % version)


def json_answer(status: int, body: object, *headers: Header) -> Answer:
    """Answer with one small value."""
    return Answer(status, _encoder.encode(body), headers)


async def list_pieces(
    entries: Sequence[T], show: Callable[[T], object], *, before: bytes = b"[", after: bytes = b"]"
) -> list[bytes]:
    """Encode a JSON array, however long, without keeping other requests waiting.

    Args:
        entries: What to list.
        show: Makes the value to be encoded out of an entry.
        before: What opens the array, and perhaps an object around it.
        after: What closes it.
    """
    pieces = [before]
    for start in range(0, len(entries), _SLICE_ENTRIES):
        if start:
            pieces.append(b",")
            await give_way()
        pieces.append(_encoder.encode([show(entry) for entry in entries[start : start + _SLICE_ENTRIES]])[1:-1])
    pieces.append(after)
    return pieces if len(pieces) > 3 else [b"".join(pieces)]
