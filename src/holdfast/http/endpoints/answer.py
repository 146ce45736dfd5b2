"""What a handler returns: a status, an encoded body, and headers."""

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
"""List entries encoded before other requests get their turn: about 0.5 ms."""

_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class Answer:
    """An HTTP answer. `body` is one piece or, if it is large, several."""

    status: int
    body: bytes | list[bytes] = b""
    headers: tuple[Header, ...] = ()
    content_type: Header | None = JSON
    code: str | None = None
    """The problem's code, for the log."""
    stream: Stream | None = None
    """If set, it is sent instead of `body`, for as long as it lasts."""
    security: SecurityHeaders = SECURITY_HEADERS
    """The headers that restrict what browsers may do with it. A page is allowed a little more than data."""


def event_version(version: int) -> Header:
    """Build the header for the event's version at which an answer is true."""
    return (b"event-version", b"%d" % version)


def json_answer(status: int, body: object, *headers: Header) -> Answer:
    """Build an answer from one small value."""
    return Answer(status, _encoder.encode(body), headers)


async def list_pieces(
    entries: Sequence[T], show: Callable[[T], object], *, before: bytes = b"[", after: bytes = b"]"
) -> list[bytes]:
    """Encode a JSON array of any length without delaying other requests.

    Args:
        entries: The entries of the array.
        show: Converts an entry into the value to encode.
        before: Opens the array, and an object around it if there is one.
        after: Closes them.
    """
    pieces = [before]
    for start in range(0, len(entries), _SLICE_ENTRIES):
        if start:
            pieces.append(b",")
            await give_way()
        pieces.append(_encoder.encode([show(entry) for entry in entries[start : start + _SLICE_ENTRIES]])[1:-1])
    pieces.append(after)
    return pieces if len(pieces) > 3 else [b"".join(pieces)]
