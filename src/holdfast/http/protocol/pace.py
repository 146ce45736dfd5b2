"""How fast a client sends and receives. It is checked once a second, so a fast request pays nothing for it."""

BODY_GRACE_SECONDS = 10.0
BODY_BYTES_PER_SECOND_MIN = 1024
"""Slower than any line today, even a phone's at the edge of its cell. Each kilobyte earns a second more of waiting, but
no one is waited for longer than the grace period at a time: a client that had sent a lot could once stall for hours."""
TAKING_SECONDS = 30.0
TAKEN_BYTES_MIN = 16 * 1024
"""How much of a waiting answer a client must take within the period above. What is counted is what the kernel takes, in
lumps of some ten kilobytes, so less than this means that the client read nothing."""
READ_GRACE_SECONDS = 2.0
WRITE_GRACE_SECONDS = 0.1
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def grace_seconds(method: str) -> float:
    """Return how long a request goes on after its client has closed its sending side.

    The client may have gone, or it may still be waiting for the answer; there is no way to know. A change gets little
    time, because the command of a buyer who hung up must leave the queue.
    """
    return READ_GRACE_SECONDS if method in _READS else WRITE_GRACE_SECONDS


class Pace:
    """The pace of one connection."""

    __slots__ = (
        "_body_since",
        "_patience_seconds",
        "_taken_before",
        "_taking_since",
    )

    def __init__(self) -> None:
        self._patience_seconds = 0.0
        """How much longer the current body will be waited for. Time in which nobody waits for it does not count,
        because we may be the ones holding its sender up."""
        self._body_since: float | None = None
        self._taking_since = 0.0
        self._taken_before = 0

    def begin_body(self) -> None:
        """A request with a body begins."""
        self._patience_seconds = BODY_GRACE_SECONDS

    @property
    def body_wanted(self) -> bool:
        """Whether the application is waiting for more of a body."""
        return self._body_since is not None

    def body_came(self, more_bytes: int) -> None:
        """This many more bytes of the body have been read."""
        seconds = self._patience_seconds + more_bytes / BODY_BYTES_PER_SECOND_MIN
        self._patience_seconds = min(BODY_GRACE_SECONDS, seconds)

    def body_from(self, now: float) -> None:
        """The application begins to wait for more of the body."""
        self._body_since = now

    def body_until(self, now: float) -> None:
        """The application no longer waits for the body."""
        if self._body_since is not None:
            self._patience_seconds -= now - self._body_since
            self._body_since = None

    def sends_too_little(self, now: float) -> bool:
        """Return whether a body that is waited for arrives too slowly."""
        return self._body_since is not None and now - self._body_since > self._patience_seconds

    def writing_from(self, now: float, taken_bytes: int) -> None:
        """Bytes wait for the client from now on; this many have been taken before."""
        self._taking_since, self._taken_before = now, taken_bytes

    def takes_too_little(self, now: float, taken_bytes: int) -> bool:
        """Return whether the client takes too little of what waits for it. Ask only while something does."""
        if now - self._taking_since < TAKING_SECONDS:
            return False
        little = taken_bytes - self._taken_before < TAKEN_BYTES_MIN
        self.writing_from(now, taken_bytes)
        return little
