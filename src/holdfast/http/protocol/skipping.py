"""Decides whether to skip the rest of a body that nobody wanted, up to the next request."""

from holdfast.http.protocol.body import BodyReader, LengthBody
from holdfast.http.protocol.inbound import Inbound
from holdfast.http.protocol.refusal import RequestRefusedError

SKIPPED_BYTES_MAX = 64 * 1024
"""Beyond this, opening a new connection costs less."""


def worth_skipping(body: BodyReader, inbound: Inbound) -> bool:
    """Return whether to skip the rest of a body; if not, the connection ends with the answer.

    This must be decided before the answer is sent. A client that learns too late that its connection ends has already
    sent its next request. If it then got a second answer to its first request, it would take that for the answer to the
    next. So a body in chunks, whose length nobody knows, is skipped only if its last chunk has already arrived.

    Args:
        body: The rest of the body. If it is chunked, what has arrived is read.
        inbound: What has arrived.
    """
    if isinstance(body, LengthBody):
        return body.left <= SKIPPED_BYTES_MAX
    skipped, before = 0, len(inbound)
    try:
        while not body.complete and skipped <= SKIPPED_BYTES_MAX:
            inbound.read(body)
            if len(inbound) == before:
                return False
            skipped, before = skipped + before - len(inbound), len(inbound)
    except RequestRefusedError:
        return False
    return body.complete
