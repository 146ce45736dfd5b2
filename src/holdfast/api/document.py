"""The OpenAPI document of this API."""

import msgspec

from holdfast.api.operations import OPERATIONS
from holdfast.api.problems import PROBLEMS
from holdfast.http.endpoints.openapi import About, Json, openapi_document
from holdfast.http.endpoints.problems import Problems

_ABOUT = About(
    title="Holdfast",
    description="""\
Sells seats: each to exactly one buyer, and nothing that was acknowledged is lost.

Errors are `application/problem+json` (RFC 9457) with a stable `code`. Bad input is 400 and names the field. 503 tells
with `outcome` what may be assumed: `none`, nothing happened; `unknown`, send the same request again and it settles.
Unknown fields are ignored.
""",
    tags={
        "events": "What is sold, and when.",
        "seats": "An event's chart.",
        "reservations": "Holding, buying and giving back seats.",
        "service": "Health, metrics and this document.",
    },
)


def document(*, server: str = ".") -> Json:
    """Describe every operation.

    Args:
        server: Where callers find the service's root; relative: from the document's own address.
    """
    return openapi_document(OPERATIONS, Problems(PROBLEMS), _ABOUT, server=server)


def document_bytes(*, server: str = ".") -> bytes:
    """Write the document as JSON."""
    return msgspec.json.encode(document(server=server))
