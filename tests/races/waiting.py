"""Waits for what another session or process does, where there is no event to wait for."""

import asyncio
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.005
WAIT_SECONDS_MAX = 20.0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return when the condition holds.

    Raises:
        TimeoutError: after `WAIT_SECONDS_MAX`.
    """
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while not await condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(POLL_SECONDS)
