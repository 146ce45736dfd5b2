"""Knows whether Redis is working, and asks it again in the background while it is not."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

import structlog

from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

PING_SECONDS = 0.25


class Breaker:
    """Opens upon the first failed call; a ping closes it again. Each change is logged once and counted."""

    def __init__(self, ping: Callable[[], Awaitable[object]], *, call_seconds_max: float) -> None:
        self._ping = ping
        self._call_seconds_max = call_seconds_max
        self._pinging: asyncio.Task[None] | None = None
        self.open = False
        """True while Redis is away."""
        self.openings = 0
        """How often it was away."""
        metrics.gate_degraded.set(0)

    def trip(self, failure: BaseException, *, openings: int) -> None:
        """Note that a call failed.

        Args:
            failure: Why.
            openings: The count when the call began: one that began before Redis came back says nothing about now.
        """
        if self.open or openings != self.openings:
            return
        self.open = True
        self.openings += 1
        metrics.gate_degraded.set(1)
        metrics.gate_changes_total.labels("degraded").inc()
        log.warning("gate_degraded", error=repr(failure))
        self._pinging = asyncio.create_task(self._ping_until_answered(), context=Context())

    def close(self) -> None:
        """Stop asking."""
        if self._pinging is not None:
            self._pinging.cancel()

    async def _ping_until_answered(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._call_seconds_max):
                    await self._ping()
            except Exception:  # noqa: BLE001 - any failure means: not yet
                await asyncio.sleep(PING_SECONDS)
            else:
                break
        self.open = False
        metrics.gate_degraded.set(0)
        metrics.gate_changes_total.labels("working").inc()
        log.info("gate_working")
