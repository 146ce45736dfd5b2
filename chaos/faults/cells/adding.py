"""The first further cell is added while cell 0 sells, as docs/cells.md describes it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from chaos.buyers.caller import Target
from chaos.buyers.client import BASE
from chaos.buyers.load import answers, until_true
from chaos.buyers.sale import put_on_sale
from chaos.faults.cells.commands import holdfast
from chaos.faults.cells.selling import BUYERS, HABITS, expect_ids_at_home, expect_named_in_lists
from chaos.site.cells import CellSite, open_cells
from chaos.trial import Trial, fault
from holdfast.application.identifiers import cell_of


@fault(
    "cell-added",
    "cells",
    injection="`holdfast cells add 1` beside a sale, killed once and run again; then nodes restarted one by one",
    expected="no request fails; new events go to both cells, and sell",
    invariants="all, in each cell; every id in the cell that it names",
)
async def _cell_added(trial: Trial) -> None:
    async with open_cells(trial.site, trial.folder, cells=False) as cells:
        sale = await put_on_sale(cells.front_target, seats=200)
        async with trial.load(
            [cells.front_target],
            sales=[sale],
            buyers=BUYERS,
            habits=HABITS,
            database_url=lambda: cells.url(0),
            named="cell-0",
        ) as load:
            await _add(trial, cells)
            async with _organiser_at_work(trial, cells.front_target) as made:
                await cells.restart_one_by_one()
                trial.expect(set(made) == {0}, f"no event is placed before all nodes know the cell ({set(made)})")
                code, said = await holdfast(cells, "cells", "undrain", "1")
                trial.expect(code == 0, f"the cell is undrained ({said[-300:]!r})")
                trial.expect(await until_true(lambda: 1 in made, 15.0), "new events go to the cell that was added")
            await expect_named_in_lists(trial, cells.front_target, "")
            trial.injected()
            async with trial.load(
                [cells.front_target],
                sales=[await put_on_sale(cells.front_target, seats=100, more={"cell": 1})],
                buyers=BUYERS,
                habits=HABITS,
                database_url=lambda: cells.url(1),
                named="cell-1",
            ) as in_cell_1:
                await asyncio.sleep(2.0)
            trial.expect_no_failure(in_cell_1)
            trial.expect_no_failure(load)
        code, said = await holdfast(cells, "cells", "check")
        trial.expect(code == 0, f"`holdfast cells check` is content ({said[-300:]!r})")
        await expect_ids_at_home(trial, cells)


async def _add(trial: Trial, cells: CellSite) -> None:
    broken_off = asyncio.create_task(holdfast(cells, "cells", "add", "1", "--drained"))
    await asyncio.sleep(1.0)
    broken_off.cancel()
    await asyncio.gather(broken_off, return_exceptions=True)
    code, said = await holdfast(cells, "cells", "add", "1", "--name", "east", "--drained")
    trial.expect(code == 0, f"the cell is added ({said[-300:]!r})")


@asynccontextmanager
async def _organiser_at_work(trial: Trial, target: Target) -> AsyncIterator[list[int]]:
    """Create events inside the block, and read each on whichever node answers; yields the cells that they went to."""
    made: list[int] = []

    async def work() -> None:
        while True:
            sale = await put_on_sale(target, seats=5)
            made.append(cell_of(UUID(sale.event)))
            for _ in range(4):
                found = await answers(target, f"{BASE}/events/{sale.event}")
                trial.expect(found, "an event that was just made is found on every node")
            await asyncio.sleep(0.1)

    working = asyncio.create_task(work())
    try:
        yield made
        if working.done():
            working.result()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
