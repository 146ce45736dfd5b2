"""How an error is encoded (RFC 9457)."""

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from holdfast.http.protocol.head import Field

PROBLEM_JSON: Field = (b"content-type", b"application/problem+json")
NO_STORE: Field = (b"cache-control", b"no-store")

_encoder = msgspec.json.Encoder(enc_hook=str)


def problem_body(
    status: int, title: str, code: str, detail: str, *, path: bytes, request_id: str, data: Mapping[str, object]
) -> bytes:
    """Encode a problem.

    Args:
        status: The HTTP status.
        title: The kind of problem, in a few words.
        code: The kind of problem, for programs; it never changes.
        detail: What is wrong in this case.
        path: The path of the request, as it was sent, without the query.
        request_id: The request's id, as in the answer.
        data: Anything else that explains the problem.
    """
    return _encoder.encode(
        {
            "type": f"urn:holdfast:problem:{code}",
            "title": title,
            "status": status,
            "detail": detail,
            "instance": quote(path, safe="/%:@!$&'()*+,;=-._~"),
            "code": code,
            **data,
            "error": title,
            "request_id": request_id,
        }
    )
