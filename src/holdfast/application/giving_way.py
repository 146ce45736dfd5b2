"""Long work on the event loop lets others work in between."""

import asyncio

TURNS = 4
"""Turns of the event loop that others get after each slice of long work.

A reservation needs about a dozen turns. With one turn a slice it met a slice in each of them.
"""


async def give_way() -> None:
    """Let whatever is ready have several turns; where nothing is, that takes some 50 µs."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
