"""Groups who leave the choice of seats to Holdfast, while nodes die, seats change hands elsewhere and Redis is away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from chaos.buyers.caller import Target
from chaos.buyers.load import Habits, Load
from chaos.faults.database import cut_commits, wired_node
from chaos.faults.processes import killed_at
from chaos.trial import Trial, fault

_GROUPS = Habits(chooses=0.6, confirms=0.02, leaves=0.05, seats_max=8)
_CHOSEN_MIN = 20
_CHOSEN_SECONDS_MAX = 30.0
_SHORT_HOLDS = {"HOLD_SECONDS": "1"}


@asynccontextmanager
async def _groups(
    trial: Trial, targets: Sequence[Target] | None = None, habits: Habits = _GROUPS
) -> AsyncIterator[Load]:
    """Have groups buy among buyers of named seats; see that many seats were chosen."""
    async with trial.load(targets, habits=habits) as load:
        yield load
        # On a busy machine the fault can be over before the groups have chosen enough.
        with suppress(TimeoutError):
            async with asyncio.timeout(_CHOSEN_SECONDS_MAX):
                while load.tally.answers["choose 201"] < _CHOSEN_MIN:  # noqa: ASYNC110 - the load counts for itself
                    await asyncio.sleep(0.05)
    chosen = load.tally.answers["choose 201"]
    trial.expect(chosen >= _CHOSEN_MIN, f"seats are chosen ({chosen} times)")


@fault(
    "killed-while-choosing",
    "processes",
    injection="SIGKILL of a node with chosen seats stored and COMMIT not sent, and after the COMMIT; twice each",
    expected="502 or a lost connection; the retry with the same key returns the seats of the first time, if any",
    invariants="no chosen seat sold twice, as many as asked for, nobody refused while seats fit",
)
async def _killed_while_choosing(trial: Trial) -> None:
    async with _groups(trial) as load:
        await killed_at(trial, load, trial.site.nodes[0], "before_commit", times=2)
        await killed_at(trial, load, trial.site.nodes[1], "after_commit", times=2)


@fault(
    "chosen-on-every-node",
    "decisions",
    injection="groups on three nodes choose from the same seats, beside named seats and cancellations; five seconds",
    expected="every node follows the others from the log; no request fails",
    invariants="no chosen seat sold twice, nobody refused while seats fit",
)
async def _chosen_on_every_node(trial: Trial) -> None:
    async with _groups(trial, trial.site.node_targets) as load:
        await asyncio.sleep(5)
        trial.expect_no_failure(load)


@fault(
    "chosen-commit-acknowledgement-lost",
    "database",
    injection="the connection is reset when PostgreSQL's answer to the COMMIT of chosen seats comes back; eight times",
    expected="201 all the same: the batch finds its own work; the node's free seats catch up from the log",
    invariants="no chosen seat sold twice, one effect per key, nobody refused while seats fit",
    quick=True,
)
async def _commit_acknowledgement_lost(trial: Trial) -> None:
    async with wired_node(trial) as (wire, node), _groups(trial, [node.address]) as load:
        await cut_commits(trial, wire, load, "reply")


@fault(
    "chosen-holds-run-out",
    "clocks",
    injection="groups leave most of their holds, of 1 s, to run out, on two nodes; five seconds",
    expected="seats whose holds ran out are chosen again at that instant",
    invariants="no chosen seat sold twice, nobody refused while seats fit",
)
async def _holds_run_out(trial: Trial) -> None:
    habits = Habits(chooses=0.6, confirms=0.02, leaves=0.7, seats_max=8)
    async with (
        trial.site.other_nodes("short-choosing", _SHORT_HOLDS, _SHORT_HOLDS) as nodes,
        _groups(trial, [node.address for node in nodes], habits) as load,
    ):
        await asyncio.sleep(5)
        trial.expect_no_failure(load)


@fault(
    "chosen-without-redis",
    "gate",
    injection="groups and buyers of named seats on a node without Redis and on one with it; four seconds",
    expected="both sell from the same seats; no request fails",
    invariants="no chosen seat sold twice, nobody refused while seats fit",
)
async def _without_redis(trial: Trial) -> None:
    async with (
        trial.site.another("serve", "choosing-without-redis", {"REDIS_URL": ""}) as node,
        _groups(trial, [node.address, trial.site.node_targets[0]]) as load,
    ):
        await asyncio.sleep(4)
        trial.expect_no_failure(load)
