"""Holds that expire: at the instant of a confirmation, with many expirers, with one that dies, with none."""

import asyncio
import time

from chaos.buyers.client import Wish
from chaos.buyers.load import Habits, Load, until
from chaos.site.fail_points import arm, met
from chaos.site.processes import Program
from chaos.trial import Trial, fault

_SHORT_HOLDS = {"HOLD_SECONDS": "1"}
_LEAVERS = Habits(leaves=0.7, confirms=0.1, hot_seats=15)


async def _expect_resold(trial: Trial, load: Load) -> None:
    """An abandoned seat must be sold again moments after its hold expires."""
    client = load.client()
    quiet = await trial.sale(1, load.targets[0])
    first, second = (Wish(quiet.event, user, "key", tuple(quiet.seats)) for user in ("leaver", "next"))
    held = await client.reserve(first)

    async def resold() -> bool:
        return (await client.reserve(second)).answer == "created"

    sold = await until(resold, 8.0)
    client.close()
    trial.expect(sold and bool(held.reservation), "the seat of a hold that ran out is sold again")


@fault(
    "confirm-at-the-end-of-the-hold",
    "clocks",
    injection="200 holds of 1 s, each confirmed within 40 ms of its end, on two nodes, with expirers at work",
    expected="200 or 409 `hold_expired`, by PostgreSQL's clock under the lock; never both, never 5xx",
    invariants="no late confirmation",
    quick=True,
)
async def _confirm_at_the_end(trial: Trial) -> None:
    async with (
        trial.site.other_nodes("short-holds", _SHORT_HOLDS, _SHORT_HOLDS) as nodes,
        trial.load([node.address for node in nodes], buyers=4, habits=Habits(hot_seats=40)) as load,
    ):
        await asyncio.gather(*(_hold_and_confirm(load, number) for number in range(200)))
        kept, late = load.tally.answers["confirm 200"], load.tally.answers["hold_expired"]
        trial.expect(kept > 0 and late > 0, f"some come in time ({kept}), some too late ({late})")
        trial.expect_no_failure(load)


async def _hold_and_confirm(load: Load, number: int) -> None:
    client = load.client()
    await asyncio.sleep(load.random.uniform(0, 2.0))
    wish: Wish = load.wish(f"edge-{number}", (load.sale.seats[40 + number],))
    held = await client.reserve(wish)
    if held.answer == "created":
        wait = held.expires_at_us / 1e6 - time.time() + load.random.uniform(-0.04, 0.02)
        await asyncio.sleep(max(0.0, wait))
        await client.resolve("confirm", wish.event, wish.user, held.reservation)
    client.close()


@fault(
    "three-expirers",
    "clocks",
    injection="three workers end the same holds of 1 s, which are left by most of their buyers",
    expected="each hold expires once; seats are sold again at once",
    invariants="legal transitions",
)
async def _three_expirers(trial: Trial) -> None:
    async with (
        trial.site.another("serve", "short-holds", _SHORT_HOLDS) as node,
        trial.site.another("work", "worker-2", {}),
        trial.site.another("work", "worker-3", {}),
        trial.load([node.address], habits=_LEAVERS) as load,
    ):
        await asyncio.sleep(4.0)
        await _expect_resold(trial, load)
        trial.expect_no_failure(load)


@fault(
    "no-expirer",
    "clocks",
    injection="every worker is dead; holds live for 1 s and most are left",
    expected="a seat is free the instant its hold runs out: reservations and reads say so without any worker",
    invariants="all",
)
async def _no_expirer(trial: Trial) -> None:
    worker = trial.site.worker
    assert worker is not None
    await worker.kill()
    async with (
        trial.site.another("serve", "short-holds", _SHORT_HOLDS) as node,
        trial.load([node.address], habits=_LEAVERS) as load,
    ):
        await asyncio.sleep(3.0)
        await _expect_resold(trial, load)
        trial.expect_no_failure(load)
    await worker.start()


@fault(
    "expirer-killed-in-its-batch",
    "clocks",
    injection="SIGKILL of the worker with a batch of expiries stored and its COMMIT not sent; twice",
    expected="the batch is undone as a whole; the next worker, or the next buyer, ends the holds",
    invariants="legal transitions, versions without gaps",
)
async def _expirer_killed(trial: Trial) -> None:
    worker = trial.site.worker
    assert worker is not None
    async with (
        trial.site.another("serve", "short-holds", _SHORT_HOLDS) as node,
        trial.load([node.address], habits=_LEAVERS) as load,
    ):
        for _ in range(2):
            await _kill_in_batch(trial, load, worker)
        await _expect_resold(trial, load)


async def _kill_in_batch(trial: Trial, load: Load, worker: Program) -> None:
    quiet = await trial.sale(5, load.targets[0])
    arm(worker.points, "before_commit", "kill")
    client = load.client()
    # Nobody else writes to this event, so only the worker can expire its hold.
    await client.reserve(Wish(quiet.event, "leaver", "left", tuple(quiet.seats)))
    client.close()

    async def met_it() -> bool:
        return met(worker.points, "before_commit")

    trial.expect(await until(met_it, 10.0) and await worker.died(), "the worker dies in its batch")
    await worker.start()
