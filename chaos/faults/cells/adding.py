"""The first further cell is added while cell 0 sells, as docs/cells.md describes it."""

import asyncio
import json
from uuid import UUID

from chaos.buyers.caller import Caller
from chaos.buyers.client import BASE
from chaos.buyers.load import until
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
            broken_off = asyncio.create_task(holdfast(cells, "cells", "add", "1"))
            await asyncio.sleep(1.0)
            broken_off.cancel()
            await asyncio.gather(broken_off, return_exceptions=True)
            code, said = await holdfast(cells, "cells", "add", "1", "--name", "east")
            trial.expect(code == 0, f"the cell is added ({said[-300:]!r})")
            await cells.restart_one_by_one()
            await expect_named_in_lists(trial, cells.front_target, "")
            other = await _event_in_cell_1(trial, cells)
            if other:
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


async def _event_in_cell_1(trial: Trial, cells: CellSite) -> bool:
    """Expect new events to be placed into the new cell, which has no seats on sale yet."""

    async def placed() -> bool:
        made = await put_on_sale(cells.front_target, seats=5)
        return cell_of(UUID(made.event)) == 1

    there = await until(placed, 15.0)
    trial.expect(there, "new events go to the cell that was added")
    async with Caller(cells.front_target) as caller:
        answer = await caller.call("GET", f"{BASE}/events", user="organiser")
    trial.expect(answer.status == 200 and bool(json.loads(answer.body)), "lists have the events of both cells")
    return there
