"""Short reads go on when nobody waits for them any more."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def to_its_end(read: Coroutine[Any, Any, Result]) -> Result:
    """Run a short read to its end, also where its caller is cancelled meanwhile.

    A client that hangs up has its request cancelled. A statement that is cancelled costs PostgreSQL a connection for
    the cancelling, and us the one that it ran on: whoever asked and hung up all the time would keep both busy.
    """
    reading = asyncio.create_task(read)
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        reading.add_done_callback(_forget)
        raise


def _forget(reading: "asyncio.Task[Any]") -> None:
    if not reading.cancelled():
        reading.exception()  # nobody is left to be told
