"""Ends, every second, the holds that ran out in events nobody writes to."""

import asyncio

import structlog

from holdfast.application.expire import Expirer
from holdfast.application.failures import GuardMismatch, OperationalFailure

log = structlog.get_logger(__name__)

ROUND_SECONDS = 1.0


async def expire_holds(expirer: Expirer, *, stop: asyncio.Event) -> None:
    """Go round until told to stop; a round that fails is logged, and the next one goes on."""
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        started = loop.time()
        try:
            ended = await expirer.expire_round(started)
        except (OperationalFailure, GuardMismatch) as failure:
            log.warning("expire_round_failed", error=str(failure))
        else:
            if ended:
                log.info("holds_expired", holds=ended)
        rest = ROUND_SECONDS - (loop.time() - started)
        try:
            async with asyncio.timeout(max(rest, 0.01)):
                await stop.wait()
        except TimeoutError:
            continue
