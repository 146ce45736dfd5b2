"""A row lock of PostgreSQL."""

from collections import deque

from onsale.machinery.clock import Call, Clock


class EventLock:
    """The lock of one event. Those who wait get it in the order in which they came; those who skip never wait."""

    __slots__ = ("_clock", "_held", "_since", "_waiting", "held_seconds", "taken")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held = False
        self._waiting: deque[tuple[float, Call]] = deque()
        self._since = 0.0
        self.held_seconds = 0.0
        self.taken = 0

    def take(self) -> bool:
        """Take the lock if it is free, as `SKIP LOCKED` does."""
        if self._held:
            return False
        self._begin()
        return True

    def wait(self, seconds: float, done: Call) -> None:
        """Wait for the lock, and call with `locked`, or with `busy` if time ran out."""
        if self.take():
            self._clock.after(0.0, done, "locked")
            return
        entry = (self._clock.now + seconds, done)
        self._waiting.append(entry)
        self._clock.at(entry[0], self._give_up, entry)

    def release(self) -> None:
        """Release it, to the first who waits."""
        self.held_seconds += self._clock.now - self._since
        self._held = False
        if self._waiting:
            _, done = self._waiting.popleft()
            self._begin()
            self._clock.after(0.0, done, "locked")

    def _begin(self) -> None:
        self._held = True
        self._since = self._clock.now
        self.taken += 1

    def _give_up(self, entry: tuple[float, Call]) -> None:
        if entry in self._waiting:
            self._waiting.remove(entry)
            entry[1]("busy")
