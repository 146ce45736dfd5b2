"""Buyers who disconnect: before their turn they get nothing; once they are in a batch, it completes."""

import asyncio

import asyncpg

from chaos.buyers.caller import Target
from chaos.buyers.client import Client, Wish
from chaos.buyers.load import Habits, Load, until_true
from chaos.faults.database import event_locked
from chaos.site.fail_points import arm, met
from chaos.trial import Trial, fault

_LEAVERS = 40
_CALM = Habits(pause_seconds=0.05)


async def _leave_in_the_queue(trial: Trial, load: Load, asked: Target, name: str) -> None:
    """Have forty buyers request a seat each of a locked event and disconnect; then release the lock."""
    nodes = trial.site.node_targets
    sale = await trial.sale(_LEAVERS + len(nodes), nodes[0])
    clients = [load.client(asked) for _ in range(_LEAVERS)]
    leavers = [load.wish_of(sale, f"leaver-{name}-{number}", (sale.seats[number],)) for number in range(_LEAVERS)]
    async with event_locked(trial, sale.event):
        # The first request at each node is in the batch that waits for the lock, and a batch completes regardless.
        first = [
            asyncio.create_task(_ask(load.client(node), load.wish_of(sale, f"stayer-{name}", (seat,))))
            for node, seat in zip(nodes, sale.seats[_LEAVERS:], strict=True)
        ]
        await asyncio.sleep(0.3)
        calls = [asyncio.create_task(_ask(client, wish)) for client, wish in zip(clients, leavers, strict=True)]
        await asyncio.sleep(0.4)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await asyncio.sleep(0.3)
    trial.injected()
    await asyncio.gather(*first)
    got = await _holders(trial, sale.event)
    late = [user for user in got if user.startswith("leaver")]
    trial.expect(not late, f"{name}: who hung up in the queue gets nothing ({len(late)} of {_LEAVERS} got seats)")
    stayed = len(got) - len(late)
    trial.expect(stayed == len(nodes), f"{name}: who stayed gets a seat ({stayed} of {len(nodes)})")


async def _ask(client: Client, wish: Wish) -> None:
    try:
        await client.reserve(wish)
    finally:
        client.close()


async def _holders(trial: Trial, event: str) -> list[str]:
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        return [row["user_id"] for row in await connection.fetch(_HOLDERS, event)]
    finally:
        await connection.close()


_HOLDERS = "SELECT user_id FROM reservations WHERE event_id = $1"


@fault(
    "queued-clients-hang-up",
    "edge",
    injection="forty buyers hang up while the event of their wishes is locked; at a node, and through nginx",
    expected="none of those who were in the queue gets a seat: their commands are left out",
    invariants="all",
    quick=True,
)
async def _queued_clients_hang_up(trial: Trial) -> None:
    async with trial.load(buyers=4, habits=_CALM) as load:
        await _leave_in_the_queue(trial, load, trial.site.nodes[0].address, "at a node")
        await _leave_in_the_queue(trial, load, trial.site.front_target, "through nginx")
        trial.expect(load.tally.failures() <= 2 * _LEAVERS, "nobody else fails")


@fault(
    "batched-clients-hang-up",
    "edge",
    injection="twenty buyers hang up while their batch is held up inside its transaction, five times",
    expected="the batch goes on: the retry with the same key is answered with what it made",
    invariants="nothing lost, one effect per key",
)
async def _batched_clients_hang_up(trial: Trial) -> None:
    node = trial.site.nodes[0]
    async with trial.load([node.address], buyers=4, habits=_CALM) as load:
        for number in range(5):
            sale = await trial.sale(20, node.address)
            arm(node.points, "after_store", "sleep 0.6")
            wishes = [load.wish_of(sale, f"gone-{number}", (seat,)) for seat in sale.seats]
            calls = [asyncio.create_task(_ask(load.client(), wish)) for wish in wishes]
            held_up = await until_true(lambda: met(node.points, "after_store"), 5.0)
            trial.expect(held_up, "a batch is held up")
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            load.unsettled += wishes
        await asyncio.sleep(1.0)
        trial.expect(node.child.alive, "the node lives on")
