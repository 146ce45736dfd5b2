"""Seats that channels keep back: openings without a worker and with wrong clocks, large blocks beside sales, deaths."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from chaos.buyers.caller import Caller, Target
from chaos.buyers.client import BASE
from chaos.buyers.load import Habits, Load
from chaos.buyers.sale import Sale, add_channel, move_seats, put_on_sale
from chaos.faults.clocks import an_hour_off
from chaos.faults.processes import killed_at
from chaos.trial import Trial, fault

_SEATS = 300
_KEPT_BACK = 60
_OPENS_IN = timedelta(seconds=4)
_BLOCK_SEATS = 10_000
_FANS = Habits(names_code_of="fans", hot_seats=_KEPT_BACK)
"""Half of the requests are for the seats that are kept back, and half of the buyers name the code."""


async def _sale_with_channel(target: Target, *, opens_in: timedelta | None = None) -> Sale:
    sale = await put_on_sale(target, seats=_SEATS)
    await add_channel(target, sale, "fans", opens_in=opens_in)
    assert await move_seats(target, sale, "fans", sale.seats[:_KEPT_BACK]) == 200
    return sale


async def _is_open(target: Target, sale: Sale) -> bool:
    async with Caller(target) as caller:
        answer = await caller.call("GET", f"{BASE}/events/{sale.event}/channels", user="organiser")
        return bool(answer.json()[0]["open"])


async def _expect_opening(trial: Trial, load: Load, sale: Sale, targets: Sequence[Target]) -> None:
    await asyncio.sleep(1.5)
    opened = [await _is_open(target, sale) for target in targets]
    trial.expect(not any(opened), "the channel is closed until its time")
    await asyncio.sleep(_OPENS_IN.total_seconds())
    opened = [await _is_open(target, sale) for target in targets]
    trial.expect(all(opened), "every node says that it is open from its time on")
    before = load.tally.answers["reserve 201"]
    await asyncio.sleep(1.5)
    held = load.tally.answers["reserve 201"] - before
    trial.expect(held > 0, f"seats are held after the opening ({held} were)")
    trial.expect_no_failure(load)


@fault(
    "channel-opens-without-a-worker",
    "decisions",
    injection="every worker is dead when a channel opens to all, under load on three nodes",
    expected="409 `seats_unavailable` without the code until the opening, 201 from then on, on every node",
    invariants="no seat that is kept back is held without its code; counts and lists leave it out",
    quick=True,
)
async def _opens_without_worker(trial: Trial) -> None:
    worker = trial.site.worker
    assert worker is not None
    await worker.kill()
    sale = await _sale_with_channel(trial.site.front_target, opens_in=_OPENS_IN)
    async with trial.load(sales=[sale], habits=_FANS) as load:
        await _expect_opening(trial, load, sale, [trial.site.front_target])
    await worker.start()


@fault(
    "channel-opens-by-postgres-clock",
    "clocks",
    injection="a channel opens under load on a node an hour ahead and one an hour behind",
    expected="both open it at its time by PostgreSQL's clock, whatever theirs says",
    invariants="no seat that is kept back is held without its code",
)
async def _opens_by_postgres_clock(trial: Trial) -> None:
    async with trial.site.other_nodes("an-hour-off", *an_hour_off()) as nodes:
        targets = [node.address for node in nodes]
        sale = await _sale_with_channel(targets[0], opens_in=_OPENS_IN)
        async with trial.load(targets, sales=[sale], habits=_FANS) as load:
            await _expect_opening(trial, load, sale, targets)


@fault(
    "ten-thousand-seats-kept-back-beside-sales",
    "decisions",
    injection="10,000 seats are kept back and given back six times in one call each, beside buyers of the same event",
    expected="the event's lock is held for a moment only; buyers wait, and none is told 503",
    invariants="no seat that is kept back is held without its code; counts and lists leave it out",
)
async def _blocks_beside_sales(trial: Trial) -> None:
    target = trial.site.front_target
    sale = await put_on_sale(target, seats=_BLOCK_SEATS + _SEATS)
    await add_channel(target, sale, "fans")
    block = sale.seats[:_BLOCK_SEATS]
    habits = Habits(names_code_of="fans", hot_seats=_KEPT_BACK, lists=False)
    async with trial.load(sales=[sale], habits=habits) as load:
        for _ in range(6):
            for back in (False, True):
                status = await move_seats(target, sale, "fans", block, back=back)
                trial.expect(status == 200, f"the seats are moved in one call ({status})")
                await asyncio.sleep(0.3)
        trial.expect_no_failure(load)


@fault(
    "channels-killed-after-commit",
    "processes",
    injection="SIGKILL of a node after COMMITs of holds and releases of a channel's seats; three times",
    expected="502 or a lost connection; the count of a channel's free seats is that of its seats",
    invariants="no seat that is kept back is held without its code; every channel counts its free seats",
)
async def _killed_after_commit(trial: Trial) -> None:
    sale = await _sale_with_channel(trial.site.front_target)
    async with trial.load(sales=[sale], habits=_FANS) as load:
        await killed_at(trial, load, trial.site.nodes[0], "after_commit", times=3)
