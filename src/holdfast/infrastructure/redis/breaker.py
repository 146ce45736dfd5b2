"""Keeps track of whether Redis is working, and pings it in the background while it is not."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any

import structlog
from redis.commands.core import AsyncScript

from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

PING_SECONDS = 0.25


class Breaker:
    """Opens on the first failed call, and closes when a ping succeeds. Each change is logged once and counted."""

    def __init__(self, *, call_seconds_max: float) -> None:
        self._pings: list[Callable[[], Awaitable[object]]] = []
        self._call_seconds_max = call_seconds_max
        self._pinging: asyncio.Task[None] | None = None
        self.open = False
        """Whether Redis is away."""
        self.openings = 0
        """How often Redis has gone away."""
        metrics.gate_degraded.set(0)

    def also_ping(self, ping: Callable[[], Awaitable[object]]) -> None:
        """Add a ping. All of them must succeed before the breaker closes."""
        self._pings.append(ping)

    async def call(self, script: AsyncScript, keys: Sequence[bytes], arguments: Sequence[bytes | int]) -> Any:  # noqa: ANN401 - a script may return anything
        """Run a script, unless Redis is away. Return its result; None if it failed, which opens the breaker."""
        if self.open:
            return None
        openings = self.openings
        try:
            async with asyncio.timeout(self._call_seconds_max):
                return await script(keys=keys, args=arguments)
        except Exception as failure:  # noqa: BLE001 - Redis never fails a request
            self.trip(failure, openings=openings)
            return None

    def trip(self, failure: BaseException, *, openings: int) -> None:
        """Record that a call failed.

        Args:
            failure: The cause.
            openings: The value of `openings` when the call began. A call that began before Redis came back says nothing
                about its present state.
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
        """Stop pinging."""
        if self._pinging is not None:
            self._pinging.cancel()

    async def _ping_until_answered(self) -> None:
        while True:
            try:
                for ping in self._pings:
                    async with asyncio.timeout(self._call_seconds_max):
                        await ping()
            except Exception:  # noqa: BLE001 - after any failure, ping again
                await asyncio.sleep(PING_SECONDS)
            else:
                break
        self.open = False
        metrics.gate_degraded.set(0)
        metrics.gate_changes_total.labels("working").inc()
        log.info("gate_working")
