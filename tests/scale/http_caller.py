"""A buyer's connection in tests of several nodes: no retries, no pool, nothing that could hide a failure."""

import asyncio
import contextlib
from typing import Any

from chaos.buyers import caller
from chaos.buyers.caller import NoAnswerError, NotSentError, Target

from holdfast.bench.clients.raw import Answer

CallFailed = (NotSentError, NoAnswerError)
"""Exceptions that mean that there was no response."""


class Caller(caller.Caller):
    """One buyer's connection. It is opened when needed, and kept until the other side says `Connection: close`."""

    def __init__(self, port: int, user: str = "ann") -> None:
        super().__init__(Target("127.0.0.1", port), seconds_max=30.0)
        self.user = user

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request and read its answer; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await super().call(method, path, body, user=self.user, headers=named)


async def until(condition, seconds: float = 20.0) -> None:
    """Wait until an async condition is true."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - it looks at other processes
            await asyncio.sleep(0.05)


async def answers_with(port: int, path: str, status: int) -> bool:
    """Whether a page answers with this status."""
    with contextlib.suppress(*CallFailed):
        async with Caller(port) as caller:
            return (await caller.call("GET", path)).status == status
    return False
