"""Trouble in one event must not affect the others: locked rows, imports of 100,000 seats, crowds of readers.

Each disturbed phase is compared with the quiet phase of the same run, by a generous ratio.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from chaos.buyers.caller import Caller, Target
from chaos.buyers.client import BASE
from chaos.buyers.load import Habits, Load, longest_gap_seconds
from chaos.buyers.pace import writes_a_second
from chaos.buyers.sale import Sale, put_on_sale
from chaos.trial import Trial, fault
from holdfast.domain.hall.reading import write_hall
from holdfast.domain.hall.samples import STADIUM_CATEGORIES, stadium

_QUIET_SECONDS = 2.0
_LOCKED_SECONDS = 5.0
_KEPT_SHARE = 0.3
"""Share of the quiet rate. It is 0 if every writer waits, and near 1 if none does."""
_BUSY_SHARE = 0.05
"""The same, if the disturbance itself uses most of the machine."""
_FREE = Habits(hot_seats=60, pause_seconds=0.02)


@asynccontextmanager
async def _rows_locked(trial: Trial, sales: Sequence[Sale]) -> AsyncIterator[None]:
    """Lock the rows of events from a session that does not belong to Holdfast."""
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        async with connection.transaction():
            for sale in sales:
                await connection.execute("SELECT 1 FROM events WHERE id = $1 FOR UPDATE", sale.event)
            yield
    finally:
        await connection.close()


async def _beside_locked_events(trial: Trial, number: int) -> None:
    async with (
        trial.site.another("serve", "four-writers", {"WRITE_POOL_SIZE": "4"}) as node,
        trial.load([node.address], habits=_FREE) as load,
    ):
        locked = [await put_on_sale(node.address, seats=5) for _ in range(number)]
        quiet = await writes_a_second(load.tally, _QUIET_SECONDS)
        waiting = load.beside(locked)
        buyers: list[asyncio.Task[None]] = []
        try:
            async with _rows_locked(trial, locked):
                buyers = [asyncio.create_task(_insist_on(waiting, sale, trial)) for sale in locked]
                await asyncio.sleep(0.5)
                trial.injected()
                beside = await writes_a_second(load.tally, _LOCKED_SECONDS)
        finally:
            waiting.stopping.set()
            await asyncio.gather(*buyers)
        trial.internal_errors += waiting.tally.internal_errors
        text = f"the free event keeps its pace beside {number} locked ones"
        trial.expect(beside >= _KEPT_SHARE * quiet, f"{text} ({quiet:.0f} → {beside:.0f} writes/s)")
        trial.expect(load.tally.failures() == 0, f"no buyer of the free event fails ({load.tally.failures()} did)")
        trial.expect(waiting.tally.unknown == 0, "who waited for a lock knows that nothing was done")


async def _insist_on(waiting: Load, sale: Sale, trial: Trial) -> None:
    """Request a seat of a locked event repeatedly, as its buyers do."""
    client = waiting.client()
    try:
        for number in range(10_000):
            if waiting.stopping.is_set():
                return
            seat = sale.seats[number % len(sale.seats)]
            await client.reserve(waiting.wish_of(sale, f"patient-{trial.seed}", (seat,)))
            await asyncio.sleep(0.05)
    finally:
        client.close()


@fault(
    "four-events-locked",
    "database",
    injection="another session holds the rows of four events, as many as a node has writers, for 5 s; each has a buyer",
    expected="the buyers of a fifth event keep their pace, and none of them fails; the others get 503 `none`",
    invariants="all",
)
async def _four_events_locked(trial: Trial) -> None:
    await _beside_locked_events(trial, 4)


@fault(
    "sixteen-events-locked",
    "database",
    injection="the same with sixteen events",
    expected="the buyers of a seventeenth event keep their pace, and none of them fails",
    invariants="all",
)
async def _sixteen_events_locked(trial: Trial) -> None:
    await _beside_locked_events(trial, 16)


@fault(
    "imports-beside-sales",
    "reading",
    injection="four bulk calls and two halls of 100,000 seats each, for other events, at once to the node that sells",
    expected="sales go on all the time; the imports succeed or are refused with 503",
    invariants="all",
)
async def _imports_beside_sales(trial: Trial) -> None:
    async with (
        trial.site.another("serve", "four-writers", {"WRITE_POOL_SIZE": "4"}) as node,
        trial.load([node.address], habits=_FREE) as load,
    ):
        quiet = await writes_a_second(load.tally, _QUIET_SECONDS)
        failed = load.tally.failures()
        trial.injected()
        before, began_ns = load.tally.acknowledged, time.monotonic_ns()
        halls = [_import_hall(node.address) for _ in range(2)]
        answers = await asyncio.gather(*(_import(node.address) for _ in range(4)), *halls)
        ended_ns = time.monotonic_ns()
        seconds = (ended_ns - began_ns) / 1e9
        beside = (load.tally.acknowledged - before) / seconds
        gap = longest_gap_seconds(load.tally.writes, began_ns, ended_ns)
        failed = load.tally.failures() - failed
        trial.expect(all(status in (200, 201, 503) for status in answers), f"imports: {answers}")
        trial.expect(answers.count(201) + answers.count(200) >= 1, "at least one import succeeds")
        trial.expect(beside >= _BUSY_SHARE * quiet, f"sales go on ({quiet:.0f} → {beside:.0f} writes/s)")
        trial.expect(gap <= max(1.0, seconds / 4), f"no long pause of sales ({gap:.1f} s of {seconds:.1f} s)")
        trial.expect(failed == 0, f"no buyer fails ({failed} did)")


async def _import(target: Target) -> int:
    """Add 100,000 seats to a separate event."""
    async with Caller(target, seconds_max=90.0) as caller:
        path = f"{await _new_event(caller)}/seats/bulk"
        return (await caller.call("POST", path, {"prefix": "B", "count": 100_000, "price": 1})).status


async def _import_hall(target: Target) -> int:
    """Put a stadium of 100,000 seats into a separate event."""
    categories = [
        {"key": one.key, "name": one.name, "color": one.color, "price": one.price} for one in STADIUM_CATEGORIES
    ]
    async with Caller(target, seconds_max=90.0) as caller:
        event = await _new_event(caller)
        await caller.call("PUT", f"{event}/categories", categories)
        return (await caller.call("PUT", f"{event}/hall", write_hall(stadium(100_000)))).status


async def _new_event(caller: Caller) -> str:
    start = {"start_at": "2090-01-01T00:00:00Z", "end_at": "2090-01-01T00:00:00Z"}
    made = await caller.call("POST", f"{BASE}/events", {"name": "Import", "total_seats": 100_000, **start})
    return f"{BASE}/events/{made.json()['id']}"
