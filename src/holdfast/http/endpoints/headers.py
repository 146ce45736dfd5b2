"""Every header that the API reads and every one that it answers, declared once.

What a request is looked through for, what a page of another origin may send and read, and what the document says all
follow from these two lists. A header that is not in the first is never seen by a handler.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class ReadHeader(NamedTuple):
    """A request header."""

    name: str
    by_pages: bool = True
    """Whether a page's script may have something to say in it; the others are set by browsers and proxies alone."""


READ_HEADERS = (
    ReadHeader("X-User-ID"),
    ReadHeader("X-Request-ID"),
    ReadHeader("If-None-Match"),
    ReadHeader("Last-Event-ID"),
    ReadHeader("Accept"),
    ReadHeader("traceparent"),
    ReadHeader("tracestate"),
    ReadHeader("Accept-Encoding", by_pages=False),
    ReadHeader("Access-Control-Request-Method", by_pages=False),
    ReadHeader("Content-Length", by_pages=False),
    ReadHeader("Origin", by_pages=False),
)
UNREAD_HEADERS = ("Content-Type",)
"""Sent with a body by every client, and by none needed."""

ANSWER_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "Event-Version": {
        "description": "The event's version at which the change took effect, or the read or refusal was true.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Idempotent-Replayed": {
        "description": "Given, and true, when an earlier request with this key had made the reservation.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-Request-ID": {
        "description": "The request's id: the one sent, or a new one.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    },
    "ETag": {
        "description": "Names this state of the answer; sent back in If-None-Match it may be answered 304.",
        "schema": {"type": "string"},
    },
    "Chart-Version": {
        "description": "The chart that the answer's positions belong to.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Location": {"description": "Where to go.", "schema": {"type": "string"}},
    "Allow": {"description": "The methods that this path takes.", "schema": {"type": "string"}},
}
"""What concerns the caller, with what the document says of it. How a message is carried and kept is HTTP's own."""
