"""Nodes and commands of two versions, each with the Python that it was installed for."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from chaos.site.ports import quiet_port

CHECKOUT = Path(__file__).parents[2]
LAST_RELEASE = CHECKOUT / "build" / "last-release" / ".venv" / "bin" / "python"
"""Put there by `make upgrade-test`."""
_READY_SECONDS = 60.0


@dataclass(frozen=True)
class Version:
    """One version of Holdfast, on the database and the Redis of the test."""

    python: str
    database_url: str
    redis_url: str
    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        given = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url, "HOST": "127.0.0.1"}
        return {**kept, **given, "LOG_LEVEL": "WARNING", "WORKER_METRICS_PORT": "0", **more}

    async def command(self, *words: str) -> tuple[int, str]:
        """Run a command to its end; return its exit code and output."""
        process = await asyncio.create_subprocess_exec(
            *(self.python, "-m", "holdfast", *words),
            env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        return process.returncode, printed.decode()

    @asynccontextmanager
    async def program(self, word: str, name: str) -> AsyncIterator["Program"]:
        """Run `serve` or `work` until the end of the block, unless it is stopped earlier."""
        port = quiet_port()
        log = self.folder / f"{name}.log"
        with log.open("w") as lines:
            process = await asyncio.create_subprocess_exec(
                *(self.python, "-m", "holdfast", word),
                env=self.environment(PORT=str(port)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
            )
        program = Program(process, port, log)
        try:
            if word == "serve":
                await program.ready()
            yield program
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@dataclass(frozen=True)
class Program:
    """A node or a worker."""

    process: asyncio.subprocess.Process
    port: int
    log: Path

    async def ready(self) -> dict:
        """Wait until it is ready for requests; return the readiness response."""
        async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient(trust_env=False) as http:
            while True:
                assert self.process.returncode is None, self.log.read_text()
                try:
                    answer = await http.get(f"http://127.0.0.1:{self.port}/readyz")
                    if answer.status_code == 200:
                        return answer.json()
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)

    async def end(self) -> int:
        """Ask it to stop, and wait."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            return await self.process.wait()


def this_version(database_url: str, redis_url: str, folder: Path) -> Version:
    return Version(sys.executable, database_url, redis_url, folder)


def last_release(database_url: str, redis_url: str, folder: Path) -> Version:
    return Version(str(LAST_RELEASE), database_url, redis_url, folder)
