"""Expires holds every second, in events that nobody is writing to."""

import asyncio

import structlog

from holdfast.application.booking.expire import Expirer
from holdfast.application.upkeep.rounds import go_round

log = structlog.get_logger(__name__)

ROUND_SECONDS = 1.0


async def expire_holds(expirer: Expirer, *, stop: asyncio.Event, cell: str = "0") -> None:
    """Run for a cell until told to stop, whatever happens in a round."""
    loop = asyncio.get_running_loop()

    async def expire_round() -> None:
        ended = await expirer.expire_round(loop.time())
        if ended:
            log.info("holds_expired", holds=ended)

    await go_round(expire_round, name="expire_round", round_seconds=ROUND_SECONDS, stop=stop, cell=cell)
