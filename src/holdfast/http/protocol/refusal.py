"""Reasons to refuse a request before anyone has read what it asks for."""

from typing import NamedTuple


class Refusal(NamedTuple):
    """A kind of refusal, with the same status and title for every request."""

    status: int
    code: str
    title: str


MALFORMED = Refusal(400, "malformed_request", "Malformed request")
CONNECT_REFUSED = Refusal(405, "method_not_allowed", "Method not allowed")
TIMEOUT = Refusal(408, "request_timeout", "Request too slow")
BODY_TOO_LARGE = Refusal(413, "body_too_large", "Body too large")
TARGET_TOO_LONG = Refusal(414, "target_too_long", "Target too long")
EXPECTATION = Refusal(417, "expectation_failed", "Expectation failed")
FIELDS_TOO_LARGE = Refusal(431, "header_fields_too_large", "Header fields too large")
INTERNAL = Refusal(500, "internal_error", "Internal error")
INTERNAL_DETAIL = "Something went wrong on the server. The log has the details under the request's id."
CODING_UNKNOWN = Refusal(501, "transfer_coding_unknown", "Transfer coding unknown")
TOO_MANY_CONNECTIONS = Refusal(503, "too_many_connections", "Too many connections")
VERSION_UNKNOWN = Refusal(505, "http_version_unknown", "HTTP version unknown")


class RequestRefusedError(Exception):
    """The request cannot be read, or is no longer waited for. The connection ends with the answer."""

    def __init__(self, refusal: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.refusal = refusal


def malformed(detail: str) -> RequestRefusedError:
    """Refuse what breaks the grammar of HTTP/1.1; the detail says how."""
    return RequestRefusedError(MALFORMED, detail)
