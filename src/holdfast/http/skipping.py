"""Reads past the rest of a body that nobody wanted, to where the next request begins."""

from holdfast.http.body import BodyReader, LengthBody
from holdfast.http.inbound import Inbound
from holdfast.http.refusal import malformed

SKIPPED_BYTES_MAX = 64 * 1024
"""Beyond that it costs less to open a new connection."""


def worth_skipping(body: BodyReader, *, asked_for: bool) -> bool:
    """Tell whether to read past the rest of a body, or to end the connection with the answer.

    Args:
        body: What is left of it.
        asked_for: Whether the client knows that it is to send it. One that waits for `100 Continue` may send its next
            request instead once it sees an answer.
    """
    return asked_for and not (isinstance(body, LengthBody) and body.left > SKIPPED_BYTES_MAX)


class Skipping:
    """The rest of one body."""

    __slots__ = ("_body", "_bytes")

    def __init__(self, body: BodyReader) -> None:
        self._body = body
        self._bytes = 0

    def read(self, inbound: Inbound) -> bool:
        """Read on; False while its end has not come.

        Raises:
            RequestRefusedError: it has no end that could be found.
        """
        while not self._body.complete:
            before = len(inbound)
            inbound.read(self._body)
            read_bytes = before - len(inbound)
            if not read_bytes:
                return False
            self._bytes += read_bytes
            if self._bytes > 2 * SKIPPED_BYTES_MAX:
                raise malformed("The body of the last request goes on for too long.")
        return True
