"""Counts wrong passwords in the memory of this process, for while there is no Redis."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from math import ceil
from time import monotonic
from typing import Protocol

from holdfast.domain.identity.sign_in_tries import (
    KNOWN_SECONDS,
    OF_ACCOUNT,
    OF_ACCOUNT_HERE,
    OF_NETWORK,
    Limit,
    Tried,
)

ENTRIES_MAX = 20_000
"""Counts that this process keeps; the one that was raised longest ago is forgotten first."""


class SignInTries(Protocol):
    """Where wrong passwords are counted."""

    async def take(self, tried: Tried) -> int | None:
        """Count a try before the password is looked at; return the seconds to wait if there were too many.

        Whether there were too many and the count are one step, so that many tries sent at once are no way around it.
        """
        ...

    async def give_back(self, tried: Tried) -> None:
        """The password was right: take the try off the counts, and remember the network."""
        ...


class LocalSignInTries:
    """`SignInTries` in memory."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[Hashable, deque[float]] = OrderedDict()
        self._known: OrderedDict[Tried, float] = OrderedDict()

    async def take(self, tried: Tried) -> int | None:
        """Count a try without waiting for anything."""
        limits: dict[Hashable, Limit] = {tried: OF_ACCOUNT_HERE, ("network", tried.network): OF_NETWORK}
        if self._clock() >= self._known.get(tried, 0.0):
            limits["account", tried.account] = OF_ACCOUNT
        seconds = max(self._wait(key, limit) for key, limit in limits.items())
        if seconds > 0:
            return ceil(seconds)
        for key, limit in limits.items():
            times = self._counts.setdefault(key, deque(maxlen=limit.tries))
            times.append(self._clock())
            self._counts.move_to_end(key)
        while len(self._counts) > ENTRIES_MAX:
            self._counts.popitem(last=False)
        return None

    async def give_back(self, tried: Tried) -> None:
        """Take the try off the counts."""
        self._counts.pop(tried, None)
        for key in (("network", tried.network), ("account", tried.account)):
            times = self._counts.get(key)
            if times:
                times.pop()
        self._known[tried] = self._clock() + KNOWN_SECONDS
        self._known.move_to_end(tried)
        if len(self._known) > ENTRIES_MAX:
            self._known.popitem(last=False)

    def _wait(self, key: Hashable, limit: Limit) -> float:
        times = self._counts.get(key)
        if times is None or len(times) < limit.tries:
            return 0.0
        return times[0] + limit.seconds - self._clock()
