"""The OpenAPI document of this API."""

from functools import cache

import msgspec

from holdfast.api.operations import OPERATIONS
from holdfast.api.problems import PROBLEMS
from holdfast.http.endpoints.openapi import About, Json, openapi_document
from holdfast.http.endpoints.problems import Problems

_ABOUT = About(
    title="Holdfast",
    description="""\
Sells seats: each to exactly one buyer, and no acknowledged reservation is lost.

Errors are `application/problem+json` (RFC 9457) with a stable `code`. Bad input gets a 400 that names the field. With
503, `outcome` says what may be assumed: `none`, nothing happened; `unknown`, send the same request again to settle it.
Unknown fields are ignored.
""",
    tags={
        "events": "What is sold, and when.",
        "seats": "An event's chart.",
        "halls": "Price categories, and the hall that a chart is made of.",
        "reservations": "Holding, buying and releasing seats.",
        "reports": "What organisers read about the sales of an event.",
        "identity": "Who may do what: organisers, their members, API keys, and the audit of all of that.",
        "service": "Health, metrics and this document.",
    },
)


def document(*, server: str = ".") -> Json:
    """Describe every operation.

    Args:
        server: The service's root as callers see it; a relative URL counts from the document's own address.
    """
    return openapi_document(OPERATIONS, Problems(PROBLEMS), _ABOUT, server=server)


@cache
def document_bytes(*, server: str = ".") -> bytes:
    """Encode the document as JSON, once for each server."""
    return msgspec.json.encode(document(server=server))
