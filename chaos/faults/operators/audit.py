"""An audit that fails unexpectedly or waits for a lock; an edit that is requested twice."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg

from chaos.buyers.caller import Caller
from chaos.buyers.client import BASE, Wish
from chaos.buyers.load import Habits, until, until_true
from chaos.faults.database import wired_node
from chaos.site.fail_points import arm, met
from chaos.site.processes import off_loop
from chaos.site.wire import Wire
from chaos.trial import Trial, fault

_CALM = Habits(pause_seconds=0.03)
_HOLD = {"HOLD_SECONDS": "1"}
_OVERDUE = """
SELECT count(*) FROM reservations
WHERE event_id = $1 AND status = 'pending' AND expires_at < clock_timestamp() - interval '2 seconds'"""


@fault(
    "audit-fails",
    "operators",
    injection="the worker's audit raises an unexpected error; then another session locks a table that it reads for 4 s",
    expected="the worker lives on, and holds go on to expire",
    invariants="all",
)
async def _audit_fails(trial: Trial) -> None:
    worker = trial.site.worker
    assert worker is not None
    await worker.kill()
    arm(worker.points, "before_audit", "fail")
    await off_loop(worker.child.start)  # `worker.start` would disarm it
    async with (
        trial.site.another("serve", "short-holds", _HOLD) as node,
        trial.load(trial.site.node_targets, habits=_CALM) as load,
    ):
        raised = await until_true(lambda: met(worker.points, "before_audit"), 15.0)
        trial.expect(raised, "the audit fails")
        sale = await trial.sale(20, node.address)
        client = load.client(node.address)
        for seat in sale.seats[:10]:
            await client.reserve(load.wish_of(sale, "leaver", (seat,)))
        await _lock_seats(trial, timedelta(seconds=4))
        for seat in sale.seats[10:]:
            await client.reserve(load.wish_of(sale, "leaver", (seat,)))
        client.close()
        await asyncio.sleep(3.5)
        trial.expect(worker.child.alive, "the worker lives on")
        trial.expect(await _none_overdue(trial, sale.event), "holds go on to expire, in an event that nobody writes to")


async def _lock_seats(trial: Trial, how_long: timedelta) -> None:
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE seats IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(how_long.total_seconds())
    finally:
        await connection.close()


async def _none_overdue(trial: Trial, event: str) -> bool:
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:

        async def none() -> bool:
            return not await connection.fetchval(_OVERDUE, event)

        return await until(none, 8.0)
    finally:
        await connection.close()


@fault(
    "edit-repeated-over-another",
    "operators",
    injection="a node loses the answer to the COMMIT of an edit, another editor edits the event, and the node comes "
    "back; five times",
    expected="the later edit stays: nobody's change is overwritten by a repetition that was not asked for",
    invariants="versions without gaps",
    quick=True,
)
async def _edit_repeated(trial: Trial) -> None:
    async with wired_node(trial) as (wire, node), trial.load(trial.site.node_targets, habits=_CALM) as load:
        sale = await trial.sale(2)
        async with Caller(node.address) as first, Caller(trial.site.nodes[0].address) as second:
            details = (await second.call("GET", f"{BASE}/events/{sale.event}")).json()
            for number in range(5):
                await _edit_twice(trial, wire, first, second, {**details, "name": f"{number}"})
        client = load.client()
        await client.reserve(Wish(sale.event, "buyer", "after the edits", tuple(sale.seats[:1])))
        client.close()


async def _edit_twice(trial: Trial, wire: Wire, first: Caller, second: Caller, details: dict[str, Any]) -> None:
    """Lose the reply to the first editor's COMMIT, and make the second edit before the first node reconnects."""
    path, cut = f"{BASE}/events/{details['id']}", wire.cut_commits
    earlier, later = f"First {details['name']}", f"Second {details['name']}"
    wire.silent_after_cut = True
    wire.cuts["reply"] += 1
    editing = asyncio.create_task(first.call("PUT", path, {**details, "name": earlier}))
    lost = await until_true(lambda: wire.cut_commits > cut, 5.0)
    trial.expect(lost, "the answer to the edit's COMMIT is lost")
    stored = await until(lambda: _is_named(second, path, earlier), 3.0)
    trial.expect(stored, "the edit is stored all the same")
    answer = await second.call("PUT", path, {**details, "name": later})
    trial.expect(answer.status == 200, f"another editor edits ({answer.status})")
    wire.speak()
    told = await editing
    trial.expect(told.status != 500, f"the first editor is told what is so ({told.status})")
    trial.expect(await _is_named(second, path, later), "the later edit stays")


async def _is_named(caller: Caller, path: str, name: str) -> bool:
    answer = await caller.call("GET", path)
    return bool(answer.json()["name"] == name)
