"""Repeats what failed because the database was away, and may be done twice.

In the middle of a long answer, a large part of it may have been sent already.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from holdfast.application.failures import OperationalFailure

log = structlog.get_logger(__name__)

T = TypeVar("T")

ATTEMPTS_MAX = 5
PAUSE_SECONDS = 0.2


async def insistently(ask: Callable[[], Awaitable[T]], event: str, **about: object) -> T:
    """Ask the database, and try again a few times if it is away.

    Args:
        ask: Reads something, or does something that does no harm if it was done before.
        event: The name of the log line about a failed attempt.
        about: What else that line says.

    Raises:
        ConnectionLost, Contended: the last attempt failed too.
    """
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return await ask()
        except OperationalFailure as failure:
            if attempt == ATTEMPTS_MAX:
                raise
            log.warning(event, error=str(failure), **about)
        await asyncio.sleep(PAUSE_SECONDS * attempt)
    raise AssertionError
