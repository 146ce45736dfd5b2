"""Runs commands of Holdfast beside a sale, as an operator does."""

import asyncio
import os
import sys

from chaos.site.cells import CellSite
from chaos.site.whole_run import CHECKOUT


async def holdfast(cells: CellSite, *words: str) -> tuple[int, str]:
    """Run a command with the settings of both cells; returns its exit code and everything it wrote."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "holdfast", *words),
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **cells.environment()},
        cwd=CHECKOUT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(60.0):
            said, _ = await process.communicate()
    except BaseException:
        process.kill()
        raise
    return process.returncode or 0, said.decode(errors="replace")
