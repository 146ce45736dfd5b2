"""Lets short reads finish even if nobody waits for them any more."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def to_its_end(read: Coroutine[Any, Any, Result]) -> Result:
    """Run a short read to its end, even if its caller is cancelled in the meantime.

    When a client hangs up, its request is cancelled. Cancelling a statement costs PostgreSQL an extra connection, and
    costs this process the one it ran on. A client that kept asking and hanging up could keep both busy.
    """
    reading = asyncio.create_task(read)
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        reading.add_done_callback(_forget)
        raise


def _forget(reading: "asyncio.Task[Any]") -> None:
    if not reading.cancelled():
        reading.exception()  # marks it as retrieved
