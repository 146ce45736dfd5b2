"""How quickly a client sends and takes: looked at once a second, so that a quick request pays nothing for it."""

BODY_GRACE_SECONDS = 10.0
BODY_BYTES_PER_SECOND_MIN = 1024
"""Slower than any line of today, a phone's at the edge of its cell too. Each kilobyte is waited for a second longer,
but nobody for longer than the grace at a time: whoever sent much at first could once stop for hours."""
TAKING_SECONDS = 30.0
TAKEN_BYTES_MIN = 16 * 1024
"""In so many seconds a client must take so much of an answer that waits for it. What is counted is what the kernel
takes, in lumps of some ten kilobytes: less than this means that nothing was read."""


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
        """How long the body under way will be waited for still. While nobody waits, its sender may be held up by us."""
        self._body_since: float | None = None
        self._taking_since = 0.0
        self._taken_before = 0

    def begin_body(self) -> None:
        """A request with a body begins."""
        self._patience_seconds = BODY_GRACE_SECONDS

    @property
    def body_wanted(self) -> bool:
        """Whether somebody waits for more of a body."""
        return self._body_since is not None

    def body_came(self, more_bytes: int) -> None:
        """So much of it was read."""
        seconds = self._patience_seconds + more_bytes / BODY_BYTES_PER_SECOND_MIN
        self._patience_seconds = min(BODY_GRACE_SECONDS, seconds)

    def body_from(self, now: float) -> None:
        """Somebody begins to wait for more of the body."""
        self._body_since = now

    def body_until(self, now: float) -> None:
        """They need not wait any longer."""
        if self._body_since is not None:
            self._patience_seconds -= now - self._body_since
            self._body_since = None

    def sends_too_little(self, now: float) -> bool:
        """Tell whether a body that is waited for comes too slowly."""
        return self._body_since is not None and now - self._body_since > self._patience_seconds

    def writing_from(self, now: float, taken_bytes: int) -> None:
        """From now on bytes wait for the client; so many have been taken before."""
        self._taking_since, self._taken_before = now, taken_bytes

    def takes_too_little(self, now: float, taken_bytes: int) -> bool:
        """Tell whether the client takes too little of what waits for it; asked while something does."""
        if now - self._taking_since < TAKING_SECONDS:
            return False
        little = taken_bytes - self._taken_before < TAKEN_BYTES_MIN
        self.writing_from(now, taken_bytes)
        return little
