"""Sales that open, close and are edited under load, and the seller who confirms."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from chaos.buyers.caller import Caller
from chaos.buyers.client import BASE
from chaos.buyers.load import Habits, Load
from chaos.buyers.sale import put_on_sale
from chaos.faults.clocks import an_hour_off
from chaos.faults.processes import killed_at
from chaos.site.processes import Program
from chaos.trial import Trial, fault

_OPENS_IN = timedelta(seconds=4)
_GATEWAY = {"AUTH_MODE": "gateway", "GATEWAY_PEERS": "127.0.0.1"}
_SELLING = Habits(confirms=0.5, by_seller=0.5, leaves=0.1, lists=False)


def _from_now(after: timedelta) -> str:
    return (datetime.now(UTC) + after).isoformat()


@fault(
    "sale-opens-by-postgres-clock",
    "clocks",
    injection="buyers ask from before a sale's opening, at a node an hour ahead and at one an hour behind",
    expected="409 `sale_not_open` until the opening by PostgreSQL's clock, 201 from then on, at both nodes",
    invariants="nothing is held before the opening, nobody is refused after it",
    quick=True,
)
async def _opens_by_postgres_clock(trial: Trial) -> None:
    async with trial.site.other_nodes("an-hour-off", *an_hour_off()) as nodes:
        targets = [node.address for node in nodes]
        sale = await put_on_sale(targets[0], seats=300, more={"sale_opens_at": _from_now(_OPENS_IN)})
        async with trial.load(targets, sales=[sale]) as load:
            early = load.tally.answers["reserve 201"]
            trial.expect(early == 0, f"nothing is held before the sale opens ({early} were)")
            await asyncio.sleep(_OPENS_IN.total_seconds() + 1.0)
            refused, held = load.tally.answers["sale_not_open"], load.tally.answers["reserve 201"]
            trial.expect(refused > 0, f"buyers are told that the sale is not open ({refused} were)")
            trial.expect(held > 0, f"seats are held once it is ({held} were)")
            trial.expect_no_failure(load)


@fault(
    "sale-times-edited-under-load",
    "decisions",
    injection="an event's opening and closing are moved 30 times under load, so that its sale opens and shuts",
    expected="201 while it is open, 409 `sale_not_open` and `booking_closed` else; what is held can be confirmed",
    invariants="nothing is held outside the sale as last edited, nobody is refused within it",
)
async def _edited_under_load(trial: Trial) -> None:
    sale = await put_on_sale(trial.site.front_target, seats=300)
    path = f"{BASE}/events/{sale.event}"
    hour = timedelta(hours=1)
    async with trial.load(sales=[sale]) as load, Caller(trial.site.front_target) as caller:
        details = (await caller.call("GET", path)).json()
        for number in range(30):
            times: dict[str, str | None] = {"sale_opens_at": None, "sale_closes_at": None}
            if number % 3 == 1:
                times["sale_opens_at"] = _from_now(hour)
            elif number % 3 == 2:
                times["sale_closes_at"] = _from_now(-hour)
            answer = await caller.call("PUT", path, {**details, **times})
            trial.expect(answer.status == 200, f"the sale is edited ({answer.status} {answer.body[:80]!r})")
            await asyncio.sleep(0.05)
        trial.expect((await caller.call("PUT", path, details)).status == 200, "the sale is open again")
        await asyncio.sleep(0.5)
        for code in ("sale_not_open", "booking_closed"):
            trial.expect(load.tally.answers[code] > 0, f"buyers are told {code}")
        trial.expect(load.tally.answers["confirm 200"] > 0, "what is held is confirmed")
        trial.expect_no_failure(load)


@asynccontextmanager
async def _left_to_the_seller(trial: Trial) -> AsyncIterator[tuple[Load, list[Program]]]:
    """Have buyers and a seller, behind a gateway, confirm reservations that only the seller may confirm."""
    async with trial.site.other_nodes("gateway", _GATEWAY, _GATEWAY) as nodes:
        targets = [node.address for node in nodes]
        sale = await put_on_sale(targets[0], seats=300, more={"confirmation": "seller"})
        async with trial.load(targets, sales=[sale], habits=_SELLING) as load:
            yield load, nodes
            sold, refused = load.tally.answers["sell 200"], load.tally.answers["seller_confirms"]
            trial.expect(sold > 0, f"the seller sells ({sold})")
            trial.expect(refused > 0, f"buyers are told that the seller confirms ({refused} were)")


@fault(
    "seller-killed-after-commit",
    "processes",
    injection="SIGKILL of a node after the COMMIT of batches in which buyers and the seller confirm; three times",
    expected="buyers get 403 `seller_confirms`, the seller sells; a lost answer is settled by asking again",
    invariants="no buyer confirms, every sale was asked for by the seller",
)
async def _seller_killed_after_commit(trial: Trial) -> None:
    async with _left_to_the_seller(trial) as (load, nodes):
        await killed_at(trial, load, nodes[0], "after_commit", times=3)


@fault(
    "confirmation-edited-under-load",
    "decisions",
    injection="who confirms is changed 30 times, between buyers and seller, while both confirm",
    expected="a buyer's confirmation is 200 or 403 `seller_confirms` by what the event is under its lock",
    invariants="since the last edit no buyer confirms, every sale was asked for by the seller",
)
async def _confirmation_edited(trial: Trial) -> None:
    async with _left_to_the_seller(trial) as (load, nodes), Caller(nodes[1].address) as caller:
        path = f"{BASE}/events/{load.sale.event}"
        details = (await caller.call("GET", path)).json()
        for number in range(30):
            edited = {**details, "confirmation": "buyer" if number % 2 == 0 else "seller"}
            answer = await caller.call("PUT", path, edited, user="organiser", headers={"X-User-Roles": "admin"})
            trial.expect(answer.status == 200, f"it is edited ({answer.status} {answer.body[:80]!r})")
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.7)
        trial.expect(load.tally.answers["confirm 200"] > 0, "buyers confirmed while they might")
        trial.expect_no_failure(load)
