"""A cell is killed, hangs, fails over, moves, or has no disk left, while buyers buy in both cells.

What is not in that cell must not notice: no request about the other cell's event fails.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from chaos.buyers.caller import Target
from chaos.faults.cells.selling import expect_named_in_lists, expect_ready_nodes, selling_in_both
from chaos.faults.database import expect_back
from chaos.faults.durability import fill, small_disk, wait_for_the_standby
from chaos.site.cells import CellSite, open_cells
from chaos.site.postmaster import Postmaster, standby_of
from chaos.site.processes import off_loop
from chaos.trial import PROMOTION_SECONDS_MAX, RESTART_SECONDS_MAX, Trial, fault
from holdfast.infrastructure.embedded.process import processes_in

_AWAY_SECONDS = 3.0
_HUNG_SECONDS = 8.0
_SPARED = "no request about the other cell's event fails, nor waits; lists name the cell; nodes stay ready"


async def _outage(
    trial: Trial,
    number: int,
    begin: Callable[[CellSite], Awaitable[None]],
    seconds: float,
    end: Callable[[CellSite], Awaitable[None]],
) -> None:
    async with open_cells(trial.site, trial.folder) as cells, selling_in_both(trial, cells, number) as both:
        try:
            await begin(cells)
            await asyncio.sleep(seconds / 2)
            await expect_named_in_lists(trial, cells.front_target, str(number))
            await expect_ready_nodes(trial, cells)
            await asyncio.sleep(seconds / 2)
        finally:
            await end(cells)
        trial.injected()
        await expect_back(trial, both.hit)
        await expect_named_in_lists(trial, cells.front_target, "")


async def _killed(trial: Trial, number: int) -> None:
    async def kill(cells: CellSite) -> None:
        await off_loop(cells.servers[number].kill)

    async def restart(cells: CellSite) -> None:
        await off_loop(cells.servers[number].restart)
        cells.wires[number].server = Target("127.0.0.1", cells.servers[number].port)

    await _outage(trial, number, kill, _AWAY_SECONDS, restart)


async def _hung(trial: Trial, number: int) -> None:
    def send(cells: CellSite, name: str) -> None:
        for process in processes_in(cells.servers[number].cluster_dir):
            os.kill(process, signal.Signals[f"SIG{name}"])

    async def stop(cells: CellSite) -> None:
        send(cells, "STOP")

    async def go_on(cells: CellSite) -> None:
        send(cells, "CONT")

    await _outage(trial, number, stop, _HUNG_SECONDS, go_on)


@asynccontextmanager
async def _with_standby(cells: CellSite, number: int, folder: Path) -> AsyncIterator[Postmaster]:
    primary = cells.servers[number]
    standby = await off_loop(lambda: standby_of(primary, folder / "twin", name="twin"))
    try:
        await off_loop(standby.start)
        await wait_for_the_standby(primary)
        yield standby
    finally:
        await off_loop(standby.stop)


async def _promoted(trial: Trial, number: int) -> None:
    async with (
        open_cells(trial.site, trial.folder) as cells,
        _with_standby(cells, number, trial.folder) as standby,
        selling_in_both(trial, cells, number) as both,
    ):
        await off_loop(cells.servers[number].kill)
        await cells.wires[number].cut_all()
        cells.wires[number].server = Target("127.0.0.1", standby.port)
        await off_loop(standby.promote)
        await expect_back(trial, both.hit, PROMOTION_SECONDS_MAX)
        await expect_named_in_lists(trial, cells.front_target, "")


async def _moved(trial: Trial, number: int) -> None:
    async with (
        open_cells(trial.site, trial.folder) as cells,
        _with_standby(cells, number, trial.folder) as standby,
        selling_in_both(trial, cells, number) as both,
    ):
        primary = cells.servers[number]
        await off_loop(primary.stop)  # a fast stop sends the standby everything first
        await off_loop(standby.promote)
        cells.urls[number] = primary.url.replace(f":{primary.port}/", f":{standby.port}/")
        await cells.restart_one_by_one()
        trial.injected()
        await expect_back(trial, both.hit, PROMOTION_SECONDS_MAX)
        await expect_named_in_lists(trial, cells.front_target, "")


async def _nodes_restarted(trial: Trial, number: int) -> None:
    async with open_cells(trial.site, trial.folder) as cells, selling_in_both(trial, cells, number) as both:
        await off_loop(cells.servers[number].kill)
        try:
            await cells.restart_one_by_one()
            await expect_named_in_lists(trial, cells.front_target, str(number))
        finally:
            await off_loop(cells.servers[number].restart)
        trial.injected()
        await expect_back(trial, both.hit)
        await expect_named_in_lists(trial, cells.front_target, "")


async def _disk_full(trial: Trial, number: int) -> None:
    async with (
        small_disk(trial) as disk,
        open_cells(trial.site, trial.folder, disks={number: disk / "data"}) as cells,
        selling_in_both(trial, cells, number) as both,
    ):
        ballast = disk / "ballast"
        await off_loop(lambda: fill(ballast))
        try:
            await asyncio.sleep(2 * _AWAY_SECONDS)
        finally:
            ballast.unlink()
        if not cells.servers[number].alive:
            await off_loop(cells.servers[number].restart)
            cells.wires[number].server = Target("127.0.0.1", cells.servers[number].port)
        trial.injected()
        await expect_back(trial, both.hit)
        await expect_named_in_lists(trial, cells.front_target, "")


def _enter(number: int) -> None:
    """Enter the rows of a cell into the catalogue."""
    name, what = ("home", "cell 0") if number == 0 else ("cell", "cell 1")
    back = f"its own events: 503 with outcome or late answers, back within {RESTART_SECONDS_MAX:.0f} s"
    rows: tuple[tuple[str, Callable[[Trial, int], Awaitable[None]], str, str], ...] = (
        ("killed", _killed, f"SIGKILL of the PostgreSQL of {what}, which is away for 3 s; buyers in both cells", back),
        ("hung", _hung, f"every process of the PostgreSQL of {what} is stopped (SIGSTOP) for 8 s", back),
        (
            "promoted",
            _promoted,
            f"the primary of {what} dies with its disk; its synchronous standby takes over its address",
            f"its own events are back within {PROMOTION_SECONDS_MAX:.0f} s",
        ),
        (
            "moved",
            _moved,
            f"{what} moves: fast shutdown, its standby promoted, another URL, nodes restarted one after the other",
            f"its own events are back within {PROMOTION_SECONDS_MAX:.0f} s",
        ),
        (
            "away-at-start",
            _nodes_restarted,
            f"the PostgreSQL of {what} is killed, and meanwhile every node restarts",
            back,
        ),
        ("disk-full", _disk_full, f"the disk of {what} (a small tmpfs) is filled to the last byte for 6 s", back),
    )
    for verb, act, injection, expected in rows:
        fault(
            f"{name}-{verb}",
            "cells",
            injection=injection,
            expected=f"{expected}; {_SPARED}",
            invariants="all, in each cell; every id in the cell that it names",
            quick=(number, verb) == (1, "killed"),
        )(_on(act, number))


def _on(act: Callable[[Trial, int], Awaitable[None]], number: int) -> Callable[[Trial], Awaitable[None]]:
    async def try_it(trial: Trial) -> None:
        await act(trial, number)

    return try_it


for _number in (1, 0):
    _enter(_number)
