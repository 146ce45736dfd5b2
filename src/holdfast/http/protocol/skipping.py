"""Skips what nobody wants to read: the rest of a body, up to the next request, and what follows a last answer."""

from holdfast.http.protocol.body import BodyReader, LengthBody
from holdfast.http.protocol.inbound import Inbound
from holdfast.http.protocol.refusal import RequestRefusedError
from holdfast.http.protocol.watch import LINGER_SECONDS_MAX

SKIPPED_BYTES_MAX = 64 * 1024
"""Beyond this, opening a new connection costs less."""
LINGER_BYTES_MAX = 64 * 1024 * 1024
"""How much is discarded after a last answer before the connection is cut anyway."""


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


class Linger:
    """How long, and how much, a connection has discarded after its last answer.

    Its client has not looked for the answer yet. If the connection were closed while bytes arrive, it would be reset,
    and the client would see the reset instead of the answer.
    """

    __slots__ = ("_bytes", "_until", "begun")

    def __init__(self) -> None:
        self.begun = False
        """Whether the last answer has been given."""
        self._until = 0.0
        self._bytes = 0

    def begin(self, now: float) -> None:
        """Discard from now on."""
        self.begun = True
        self._until = now + LINGER_SECONDS_MAX

    def goes_on(self, now: float, more_bytes: int) -> bool:
        """Count what has been discarded; return False if that is enough."""
        self._bytes += more_bytes
        return self._bytes <= LINGER_BYTES_MAX and now <= self._until
