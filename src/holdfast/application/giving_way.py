"""Lets other tasks run in the middle of long work on the event loop."""

import asyncio
from collections.abc import Generator
from typing import TypeVar

ResultT = TypeVar("ResultT")

TURNS = 4
"""Turns of the event loop that other tasks get after each slice of long work.

A reservation needs about a dozen turns. With a single turn between slices, it would wait for a slice in each of them.
"""


async def give_way() -> None:
    """Let other tasks run for several turns. If none is ready, this takes about 50 µs."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def in_steps(steps: Generator[None, None, ResultT]) -> ResultT:
    """Carry out long work that yields between its steps, and let other tasks run each time it does."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: ResultT = done.value
            return result
        await give_way()
