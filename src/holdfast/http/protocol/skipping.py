"""Whether to read past the rest of a body that nobody wanted, to where the next request begins."""

from holdfast.http.protocol.body import BodyReader, LengthBody
from holdfast.http.protocol.inbound import Inbound
from holdfast.http.protocol.refusal import RequestRefusedError

SKIPPED_BYTES_MAX = 64 * 1024
"""Beyond that it costs less to open a new connection."""


def worth_skipping(body: BodyReader, inbound: Inbound) -> bool:
    """Tell whether to read past the rest of a body, or to end the connection with the answer.

    It must be told before the answer is sent. A client that learns too late that its connection ends has sent its next
    request by then; one that was answered a second time for its first takes that answer for the next one's. So chunks,
    of which nobody knows how many follow, are only read past where the last of them is there.

    Args:
        body: What is left of it; of one in chunks, what has come is read.
        inbound: What has come.
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
