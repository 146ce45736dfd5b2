"""The real processes of a run: PostgreSQL, Redis, API nodes, workers and nginx, each of which can be made to fail."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from chaos.buyers.caller import Target
from chaos.buyers.load import answers, until
from chaos.site import fail_points
from chaos.site.ports import quiet_port
from holdfast.infrastructure.embedded import EmbeddedPostgres, EmbeddedRedis
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx
from holdfast.infrastructure.embedded.nginx_config import Address
from holdfast.infrastructure.embedded.process import Child, processes_in, wait_until
from holdfast.infrastructure.postgres.migrations.migrate import upgrade

Result = TypeVar("Result")

_LOOPBACK = "127.0.0.1"
_READY_SECONDS = 60.0
POSTGRES_SETTINGS: Mapping[str, str | int] = {"max_connections": 150, "shared_buffers": "128MB"}
"""Durable, as in `holdfast run`: fsync and synchronous_commit stay on."""


class NotReadyError(Exception):
    """A process of the site did not become ready."""


async def off_loop(work: Callable[[], Result]) -> Result:
    """Run something that blocks, without blocking the buyers."""
    return await asyncio.to_thread(work)


@dataclass(slots=True)
class Program:
    """A node or a worker with its fail points; `target` is its address, None for a worker."""

    child: Child
    points: Path
    target: Target | None = None
    number: int = 0

    @property
    def address(self) -> Target:
        """A node's address."""
        assert self.target is not None
        return self.target

    async def start(self) -> None:
        """Start it; a node is waited for until it is ready.

        Raises:
            NotReadyError: with the last line of its log.
        """
        fail_points.disarm(self.points)
        await off_loop(self.child.start)
        if self.target is not None:
            await self.ready()

    async def ready(self) -> None:
        """Wait until a node is ready."""
        target = self.address
        if not await until(lambda: answers(target, "/readyz"), _READY_SECONDS):
            last = " ".join(self.child.log_tail(1))
            raise NotReadyError(f"{self.child.name} is not ready after {_READY_SECONDS:.0f} s: {last}")

    async def died(self, seconds: float = 15.0) -> bool:
        """Wait until it has exited."""
        return await off_loop(lambda: self.child.wait(seconds))

    async def end(self) -> None:
        """Send SIGTERM, as a service manager does."""
        await off_loop(lambda: self.child.end((signal.SIGCONT, 0.0), (signal.SIGTERM, 12.0)))

    async def kill(self) -> None:
        """Send SIGKILL, as a crash would."""
        self.child.send(signal.SIGKILL)
        await off_loop(lambda: self.child.wait(5.0))


@dataclass(slots=True)
class Site:
    """All processes of a run; start them with `open_site`."""

    folder: Path
    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    nodes: list[Program] = field(default_factory=list)
    worker: Program | None = None
    front: EmbeddedNginx | None = None
    front_target: Target = field(default_factory=lambda: Target(_LOOPBACK, quiet_port()))
    _programs: int = 0

    @property
    def node_targets(self) -> list[Target]:
        """The addresses of the three nodes, without nginx."""
        return [node.address for node in self.nodes]

    def program(self, command: str, name: str, environment: Mapping[str, str]) -> Program:
        """Describe another node (`serve`) or worker (`work`), with settings from the given environment."""
        self._programs += 1
        port = quiet_port()
        points = private_folder(self.folder / "points" / f"{name}-{self._programs}")
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        child = Child(
            name,
            [sys.executable, "-m", "chaos.site.node", command],
            log_path=self.folder / f"{name}.log",
            death_signal=signal.SIGKILL,
            environment={
                **kept,
                "DATABASE_URL": self.postgres.url,
                "REDIS_URL": self.redis.url,
                "HOST": _LOOPBACK,
                "PORT": str(port),
                "APP_ENV": "production",
                "AUTH_MODE": "open",
                "LOG_LEVEL": "WARNING",
                "TRUSTED_PROXIES": _LOOPBACK,
                "WORKER_METRICS_PORT": "0",
                "WRITE_POOL_SIZE": "3",
                "READ_POOL_SIZE": "3",
                fail_points.FOLDER_VARIABLE: str(points),
                **environment,
            },
            work_dir=Path(__file__).parents[2],
        )
        return Program(child, points, Target(_LOOPBACK, port) if command == "serve" else None, self._programs)

    @asynccontextmanager
    async def another(self, command: str, name: str, environment: Mapping[str, str]) -> AsyncIterator[Program]:
        """Run another node or worker inside the block."""
        program = self.program(command, name, environment)
        try:
            await program.start()
            yield program
        finally:
            await program.end()

    @asynccontextmanager
    async def other_nodes(self, name: str, *environments: Mapping[str, str]) -> AsyncIterator[list[Program]]:
        """Run other nodes inside the block, one with each environment."""
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(self.another("serve", f"{name}-{number}", environment))
                for number, environment in enumerate(environments, 1)
            ]

    async def start(self, *, nodes: int) -> None:
        """Start everything."""
        await off_loop(self.postgres.start)
        await off_loop(self.redis.start)
        await off_loop(lambda: upgrade(self.postgres.url))
        self.nodes = [self.program("serve", f"node-{number}", {}) for number in range(1, nodes + 1)]
        self.worker = self.program("work", "worker", {})
        await asyncio.gather(*(node.start() for node in self.nodes), self.worker.start())
        self.front = EmbeddedNginx(
            self.folder,
            listen=Address(*self.front_target),
            nodes=[Address(*target) for target in self.node_targets],
        )
        await off_loop(self.front.start)

    async def repair(self) -> None:
        """Restore everything to its initial state, whatever a fault left behind."""
        for program in self._everybody():
            program.child.send(signal.SIGCONT)
            fail_points.disarm(program.points)
        if not self.postgres.alive:
            await off_loop(self.postgres.restart)
        if not self.redis.alive:
            await off_loop(self.redis.restart)
        for program in self._everybody():
            if not program.child.alive:
                await program.start()
        await asyncio.gather(*(node.ready() for node in self.nodes))
        if self.front is not None and not self.front.alive:
            await off_loop(self.front.start)
        front = self.front_target
        if not await until(lambda: answers(front, "/readyz"), _READY_SECONDS):
            raise NotReadyError("nginx finds no node")

    async def kill_front(self) -> None:
        """Kill nginx, master and workers, as a crash of the machine would."""
        assert self.front is not None
        for process in processes_in(self.front.work_dir):
            os.kill(process, signal.SIGKILL)
        front = self.front
        await off_loop(lambda: wait_until(lambda: not front.alive, 5.0))

    async def end(self) -> None:
        """Stop everything."""
        if self.front is not None:
            await off_loop(self.front.stop)
        await asyncio.gather(*(program.kill() for program in self._everybody() if program.child.alive))
        await off_loop(self.redis.stop)
        await off_loop(lambda: self.postgres.stop("immediate"))

    def _everybody(self) -> Sequence[Program]:
        return [*self.nodes, *(() if self.worker is None else (self.worker,))]


@asynccontextmanager
async def open_site(folder: Path, *, nodes: int = 3) -> AsyncIterator[Site]:
    """Run a site inside a folder, and stop it whatever happens."""
    servers = private_folder(folder)
    site = Site(servers, EmbeddedPostgres(servers, settings=POSTGRES_SETTINGS), EmbeddedRedis(servers))
    try:
        await site.start(nodes=nodes)
        yield site
    finally:
        await site.end()
