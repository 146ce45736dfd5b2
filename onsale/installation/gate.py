"""The gate of one process: requests that come during one call to Redis share the next."""

from collections.abc import Callable

from onsale.installation.request import Request
from onsale.installation.times import Times
from onsale.machinery.cores import Worker

WISHES_MAX = 256
"""As in `infrastructure/redis/gate.py`; a test compares the two."""


class Gate:
    """It passes every request: what loses at the real one is answered without a transaction (see `crowd`)."""

    def __init__(self, redis: Worker, times: Times, passed: Callable[[Request], None]) -> None:
        self._redis = redis
        self._times = times
        self._passed = passed
        self._waiting: list[Request] = []
        self._calling = False

    def enter(self, request: Request) -> None:
        """Lock the seats of a request, and pass it on."""
        self._waiting.append(request)
        if not self._calling:
            self._call()

    def _call(self) -> None:
        taken, self._waiting = self._waiting[:WISHES_MAX], self._waiting[WISHES_MAX:]
        self._calling = bool(taken)
        if taken:
            # What a round trip to PostgreSQL waits for is the network and the kernel; it is the same for Redis.
            self._redis.run(self._times.redis(len(taken)), self._done, taken, later=self._times.wait("lock"))

    def _done(self, taken: list[Request]) -> None:
        for request in taken:
            self._passed(request)
        self._call()
