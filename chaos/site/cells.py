"""A site of its own with two cells: two clusters, each behind a wire, two nodes behind nginx, and a worker."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chaos.buyers.caller import Target
from chaos.site.ports import quiet_port
from chaos.site.processes import POSTGRES_SETTINGS, Program, Site, off_loop
from chaos.site.wire import Wire, wire_to
from holdfast.infrastructure.embedded import EmbeddedPostgres
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx
from holdfast.infrastructure.embedded.nginx_config import Address
from holdfast.infrastructure.postgres.migrations.adding import add_cell
from holdfast.infrastructure.postgres.migrations.migrate import upgrade
from holdfast.infrastructure.postgres.migrations.reporter import Silent
from holdfast.server_urls.cells import Cell

_LOOPBACK = "127.0.0.1"
_NODES = 2
_LEFT_SECONDS = 0.5
"""How soon nginx notices that a node is left out, or back."""


@dataclass(slots=True)
class CellSite:
    """Two cells and what serves them. Cell 0 is the first of each pair."""

    site: Site
    servers: Sequence[EmbeddedPostgres]
    wires: Sequence[Wire]
    front: EmbeddedNginx
    front_target: Target
    nodes: list[Program] = field(default_factory=list)
    worker: Program | None = None
    urls: dict[int, str] = field(default_factory=dict)
    """Where nodes find a cell that has moved; the others they find behind their wires."""

    def url(self, number: int) -> str:
        """Return where nodes find a cell."""
        server = self.servers[number]
        return self.urls.get(number, server.url.replace(f":{server.port}/", f":{self.wires[number].here.port}/"))

    def environment(self, *, cells: bool = True) -> dict[str, str]:
        """Return the settings of nodes and workers, with both cells or with cell 0 only."""
        further = {"CELLS": json.dumps({"1": {"url": self.url(1)}})} if cells else {}
        # In this mode the suite may be an admin, who chooses the cell of a new event.
        return {"DATABASE_URL": self.url(0), "AUTH_MODE": "gateway", "GATEWAY_PEERS": _LOOPBACK, **further}

    async def start(self, targets: Sequence[Target], *, cells: bool = True) -> None:
        """Start the nodes, at these addresses, and the worker."""
        environment = self.environment(cells=cells)
        self.nodes = [self._node(f"cell-node-{place}", environment, target) for place, target in enumerate(targets)]
        self.worker = self.site.program("work", "cell-worker", environment)
        await asyncio.gather(*(node.start() for node in self.nodes), self.worker.start())

    async def restart_one_by_one(self) -> None:
        """Restart nodes and worker with the settings of now, each at the address that it had."""
        for place, old in enumerate(self.nodes):
            self.front.leave_out(place + 1)
            await asyncio.sleep(_LEFT_SECONDS)
            new = self._node(f"cell-node-{place}-again", self.environment(), old.address)
            await old.end()
            await new.start()
            self.nodes[place] = new
            self.front.put_back(place + 1)
            await asyncio.sleep(_LEFT_SECONDS)
        assert self.worker is not None
        await self.worker.end()
        self.worker = self.site.program("work", "cell-worker-again", self.environment())
        await self.worker.start()

    def _node(self, name: str, environment: Mapping[str, str], target: Target) -> Program:
        node = self.site.program("serve", name, {**environment, "PORT": str(target.port)})
        node.target = target
        return node

    async def end(self) -> None:
        """End nodes and worker."""
        programs = [*self.nodes, *(() if self.worker is None else (self.worker,))]
        await asyncio.gather(*(program.end() for program in programs))


@asynccontextmanager
async def open_cells(
    site: Site, folder: Path, *, cells: bool = True, disks: Mapping[int, Path] | None = None
) -> AsyncIterator[CellSite]:
    """Run two cells inside a folder.

    Args:
        site: Its Redis is used.
        folder: Where the clusters are.
        cells: Whether cell 1 is there from the beginning; else its cluster is empty, and nodes do not know it.
        disks: Where the clusters of some cells are instead.
    """
    places = [(disks or {}).get(number, private_folder(folder / f"cell-{number}")) for number in (0, 1)]
    small = {"max_wal_size": "64MB", "min_wal_size": "32MB", "shared_buffers": "16MB"}
    servers = [
        EmbeddedPostgres(place, settings={**POSTGRES_SETTINGS, **(small if number in (disks or {}) else {})})
        for number, place in enumerate(places)
    ]
    async with AsyncExitStack() as stack:
        for server in servers:
            stack.push_async_callback(_stop, server)
        await asyncio.gather(*(off_loop(server.start) for server in servers))
        await off_loop(lambda: upgrade(servers[0].url))
        wires = [await stack.enter_async_context(wire_to(Target(_LOOPBACK, server.port))) for server in servers]
        front_target = Target(_LOOPBACK, quiet_port())
        targets = [Target(_LOOPBACK, quiet_port()) for _ in range(_NODES)]
        front = EmbeddedNginx(
            private_folder(folder / "front"),
            listen=Address(*front_target),
            nodes=[Address(*target) for target in targets],
        )
        made = CellSite(site, servers, wires, front, front_target)
        if cells:
            await add_cell(Cell(0, made.url(0)), Cell(1, made.url(1)), name="east", reporter=Silent())
        stack.push_async_callback(made.end)
        await made.start(targets, cells=cells)
        stack.push_async_callback(off_loop, front.stop)
        await off_loop(front.start)
        yield made


async def _stop(server: EmbeddedPostgres) -> None:
    await off_loop(lambda: server.stop("immediate"))
