"""Whether a cell answers. While one does not, lists do without it and do not wait for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextvars import Context

import structlog

log = structlog.get_logger(__name__)

PING_SECONDS = 0.5
PING_SECONDS_MAX = 1.5
"""How long a ping may take. A cell that answers more slowly would hold up every list."""


class Presence:
    """Is away from the first question that fails until a ping succeeds. Each change is logged once.

    If the question took too long, the first ping comes a little later. A cell with a locked table answers pings, and
    a list that asks it several times would wait for it each time.
    """

    def __init__(self, number: int, ping: Callable[[], Awaitable[object]]) -> None:
        self._number = number
        self._ping = ping
        self._pinging: asyncio.Task[None] | None = None
        self._last_away = float("-inf")
        self.away = False

    def was_away(self, since: float) -> bool:
        """Return whether the cell has been away at any time since then (`time.monotonic`)."""
        return self.away or self._last_away >= since

    def trip(self, failure: BaseException) -> None:
        """Record that a question failed."""
        self._last_away = time.monotonic()
        if self.away:
            return
        self.away = True
        log.warning("cell_away", cell=self._number, error=repr(failure))
        rest_seconds = PING_SECONDS if isinstance(failure, TimeoutError) else 0.0
        self._pinging = asyncio.create_task(self._ping_until_answered(rest_seconds), context=Context())

    def close(self) -> None:
        """Stop pinging."""
        if self._pinging is not None:
            self._pinging.cancel()

    async def _ping_until_answered(self, rest_seconds: float) -> None:
        await asyncio.sleep(rest_seconds)
        while True:
            try:
                async with asyncio.timeout(PING_SECONDS_MAX):
                    await self._ping()
            except Exception:  # noqa: BLE001 - after any failure, ping again
                await asyncio.sleep(PING_SECONDS)
            else:
                break
        self._last_away = time.monotonic()
        self.away = False
        log.info("cell_back", cell=self._number)
