"""Measures rates, so that a run's disturbed phase can be compared with its own quiet phase."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from chaos.buyers.caller import Target
from chaos.buyers.client import Tally
from chaos.buyers.load import answers


async def writes_a_second(tally: Tally, seconds: float) -> float:
    """Return the rate of acknowledged writes over the next seconds, per second."""
    before, began = tally.acknowledged, time.monotonic()
    await asyncio.sleep(seconds)
    return (tally.acknowledged - before) / (time.monotonic() - began)


async def rounds_a_second(act: Callable[[], Awaitable[object]], seconds: float, *, pause_seconds: float = 0.0) -> float:
    """Do something repeatedly, one call after another; returns the rate per second."""
    began, rounds = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        await act()
        rounds += 1
        await asyncio.sleep(pause_seconds)
    return rounds / (time.monotonic() - began)


@asynccontextmanager
async def watched_health(target: Target, *, seconds_max: float = 8.0) -> AsyncIterator[list[bool]]:
    """Request /health repeatedly inside the block, over a new connection each time, as a health checker does."""
    answered: list[bool] = []

    async def probe() -> None:
        while True:
            answered.append(await answers(target, "/health", seconds_max=seconds_max))
            await asyncio.sleep(0.2)

    probing = asyncio.create_task(probe())
    try:
        yield answered
    finally:
        probing.cancel()
        await asyncio.gather(probing, return_exceptions=True)
