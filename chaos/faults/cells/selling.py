"""Buyers in both cells, and what is expected of the cell that is spared and of what all share."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from chaos.buyers.caller import Caller, Target
from chaos.buyers.client import BASE, Tally
from chaos.buyers.load import Habits, Load, answers, until
from chaos.buyers.sale import put_on_sale
from chaos.site.cells import CellSite
from chaos.trial import Trial
from holdfast.infrastructure.postgres.migrations.listing import ids_that_name_others, known_cells
from holdfast.server_urls.cells import Cell

_QUIET_SECONDS = 1.5
BUYERS = 6
HABITS = Habits(hot_seats=30, pause_seconds=0.05, lists=False)
_SLOWER_MAX = 10.0
"""By how much the other cell may slow down, at the 95th percentile. The machine is shared with what is being restarted,
so this only finds requests that wait for a cell that is away: they would take hundreds of times as long."""
_SLOW_SECONDS = 0.5
"""An answer within this time is not held up by a cell that is away, whatever the ratio."""


@dataclass(slots=True)
class Both:
    """Buyers of an event in the cell that is hit, and of one in the cell that is spared."""

    cells: CellSite
    number: int
    hit: Load
    spared: Load
    quiet_ns: tuple[int, int] = (0, 0)

    @property
    def cell(self) -> Cell:
        """The cell that is hit, as its server itself sees it."""
        return Cell(self.number, self.cells.url(self.number))


@asynccontextmanager
async def selling_in_both(trial: Trial, cells: CellSite, number: int) -> AsyncIterator[Both]:
    """Sell an event in each cell; at the end, judge both and compare the spared cell with its own quiet time."""
    targets = [cells.front_target]
    sales = {cell: await put_on_sale(cells.front_target, seats=200, more={"cell": cell}) for cell in (0, 1)}
    async with AsyncExitStack() as stack:
        loads = {
            cell: await stack.enter_async_context(
                trial.load(
                    targets,
                    sales=[sale],
                    buyers=BUYERS,
                    habits=HABITS,
                    database_url=lambda cell=cell: cells.url(cell),  # type: ignore[misc]
                    named=f"cell-{cell}",
                )
            )
            for cell, sale in sales.items()
        }
        both = Both(cells, number, loads[number], loads[1 - number])
        began = time.monotonic_ns()
        await asyncio.sleep(_QUIET_SECONDS)
        both.quiet_ns = (began, time.monotonic_ns())
        trial.injected()
        yield both
        expect_spared(trial, both)
    await expect_ids_at_home(trial, cells)


def expect_spared(trial: Trial, both: Both) -> None:
    """Expect that no request about the spared cell's event failed, or waited for the other cell."""
    tally, other = both.spared.tally, 1 - both.number
    quiet = slowest_seconds(tally, *both.quiet_ns)
    disturbed = slowest_seconds(tally, both.quiet_ns[1], time.monotonic_ns())
    ratio = disturbed / quiet if quiet else 0.0
    told = (
        f"cell {other}: {tally.failures()} of {tally.operations} requests failed; 95 % of its writes within "
        f"{quiet * 1000:.0f} ms before and {disturbed * 1000:.0f} ms during (x{ratio:.1f})"
    )
    trial.tell(told)
    trial.expect(tally.failures() == 0, f"no request about the other cell fails ({told})")
    trial.expect(disturbed <= max(_SLOWER_MAX * quiet, _SLOW_SECONDS), f"the other cell is as fast as before ({told})")


def slowest_seconds(tally: Tally, since_ns: int, until_ns: int) -> float:
    """Return the 95th percentile of the time that the acknowledged writes of an interval took."""
    took = sorted(
        returned - called for called, returned in list(tally.writes) if since_ns <= called and returned <= until_ns
    )
    return took[int(0.95 * (len(took) - 1))] / 1e9 if took else 0.0


async def expect_ids_at_home(trial: Trial, cells: CellSite) -> None:
    """Expect that every id is in the cell that it names."""
    known = await known_cells(Cell(0, cells.url(0)))
    for number in (0, 1):
        strangers = await ids_that_name_others(Cell(number, cells.url(number)), known)
        trial.expect(strangers == [], f"every id is in the cell that it names ({strangers[:2]})")


async def expect_named_in_lists(trial: Trial, front: Target, missing: str) -> None:
    """Expect lists to name the cells that they lack, and not to fail."""

    async def named() -> bool:
        async with Caller(front) as caller:
            answer = await caller.call("GET", f"{BASE}/events", user="organiser")
        return answer.status == 200 and answer.headers.get("missing-cells", "") == missing

    what = f"lists name cell {missing} in Missing-Cells" if missing else "lists are complete again"
    trial.expect(await until(named, 12.0), what)


async def expect_ready_nodes(trial: Trial, cells: CellSite) -> None:
    """Expect nodes to be ready without the cell, and to say so at once."""
    for node in cells.nodes:
        began = time.monotonic()
        ready = await answers(node.address, "/readyz", seconds_max=2.0)
        trial.expect(ready, f"a node is ready without the cell (after {time.monotonic() - began:.1f} s)")
