"""Every header that the API reads or sends, declared in one place.

These two lists determine which headers of a request are read, which ones a page of another origin may send and read,
and what the document says. A request header that is not listed is never seen by a handler.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class ReadHeader(NamedTuple):
    """A request header."""

    name: str
    by_pages: bool = True
    """Whether a page's script may set it. The others are set only by browsers and proxies."""


READ_HEADERS = (
    ReadHeader("X-User-ID"),
    ReadHeader("Authorization"),
    ReadHeader("X-Request-ID"),
    ReadHeader("If-Match"),
    ReadHeader("If-None-Match"),
    ReadHeader("Last-Event-ID"),
    ReadHeader("Accept"),
    ReadHeader("X-Access-Code"),
    ReadHeader("traceparent"),
    ReadHeader("tracestate"),
    ReadHeader("Accept-Encoding", by_pages=False),
    ReadHeader("Access-Control-Request-Method", by_pages=False),
    ReadHeader("Content-Length", by_pages=False),
    ReadHeader("Origin", by_pages=False),
    ReadHeader("X-User-Roles", by_pages=False),
)
UNREAD_HEADERS = ("Content-Type",)
"""Every client sends it with a body, but no operation needs it."""

ANSWER_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "Event-Version": {
        "description": "The event's version at which the change took effect, or the read or refusal was true.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Idempotent-Replayed": {
        "description": "Sent, as `true`, if an earlier request with this key made the reservation.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Missing-Cells": {
        "description": "Sent if a list lacks what is in some databases, because they are away: their numbers.",
        "schema": {"type": "string", "pattern": "^[0-9]+(,[0-9]+)*$"},
        "example": "2,5",
    },
    "X-Request-ID": {
        "description": "The request's id: the one sent, or a new one.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    },
    "ETag": {
        "description": (
            "Identifies this state of the answer; sent back in If-None-Match, it may get a 304. That of an event "
            "changes only when the event is edited, and may be sent in If-Match."
        ),
        "schema": {"type": "string"},
    },
    "Chart-Version": {
        "description": "The chart that the answer's positions belong to.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Representation-Version": {
        "description": "Which codes the statuses in the answer may have.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "How to say who is asking; `error` where what was said is not valid.",
        "schema": {"type": "string"},
    },
    "Location": {"description": "Where the result is.", "schema": {"type": "string"}},
    "Allow": {"description": "The methods that this path accepts.", "schema": {"type": "string"}},
}
"""Headers that matter to callers, as the document describes them. Those for framing and caching are left out."""
