"""What a request can be refused for before anybody has read what it wants."""

from typing import NamedTuple


class Refusal(NamedTuple):
    """A kind of refusal: its status and words are the same for every request."""

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
INTERNAL_DETAIL = "Something went wrong on this side. The request's id leads to it in the log."
CODING_UNKNOWN = Refusal(501, "transfer_coding_unknown", "Transfer coding unknown")
TOO_MANY_CONNECTIONS = Refusal(503, "too_many_connections", "Too many connections")
VERSION_UNKNOWN = Refusal(505, "http_version_unknown", "HTTP version unknown")


class RequestRefusedError(Exception):
    """A request that cannot be read, or is not waited for any longer. Its connection ends with the answer."""

    def __init__(self, refusal: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.refusal = refusal


def malformed(detail: str) -> RequestRefusedError:
    """Refuse what does not follow the grammar of HTTP/1.1; the detail says what."""
    return RequestRefusedError(MALFORMED, detail)
