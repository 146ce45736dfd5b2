"""After a last answer, what the client still sends is discarded for a while.

It has not looked for its answer yet. If the connection were closed while bytes arrive, it would be reset, and the
client would see the reset instead of the answer.
"""

from holdfast.http.protocol.watch import LINGER_SECONDS_MAX

LINGER_BYTES_MAX = 64 * 1024 * 1024
"""How much is discarded before the connection is cut anyway."""


class Linger:
    """How long, and how much, a connection has discarded."""

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
