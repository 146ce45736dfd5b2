"""Lets other tasks run in the middle of long work on the event loop."""

import asyncio

TURNS = 4
"""Turns of the event loop that other tasks get after each slice of long work.

A reservation needs about a dozen turns. With a single turn between slices, it would wait for a slice in each of them.
"""


async def give_way() -> None:
    """Let other tasks run for several turns. If none is ready, this takes about 50 µs."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
