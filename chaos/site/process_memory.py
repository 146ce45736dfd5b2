"""Measures the memory of a process of the site; Linux only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psutil

from chaos.site.processes import Program

MIB = 1024 * 1024
_LOOK_SECONDS = 0.05


def memory_bytes(process: int) -> int:
    """Measure the resident memory that is the process's own (not its program's files).

    Raises:
        psutil.Error: The process is gone.
    """
    memory = psutil.Process(process).memory_info()
    return int(memory.rss - memory.shared)


@dataclass(slots=True)
class Growth:
    """The memory that a process has used in addition to what it had at the start of the watch."""

    began_bytes: int
    most_bytes: int

    @property
    def mib(self) -> float:
        """Its maximum, in MiB."""
        return (self.most_bytes - self.began_bytes) / MIB


@asynccontextmanager
async def watched_memory(program: Program) -> AsyncIterator[Growth]:
    """Watch a node's memory inside the block."""
    process = program.child.pid
    began = memory_bytes(process)
    growth = Growth(began, began)

    async def watch() -> None:
        while True:
            with suppress(psutil.Error):
                growth.most_bytes = max(growth.most_bytes, memory_bytes(process))
            await asyncio.sleep(_LOOK_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield growth
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
