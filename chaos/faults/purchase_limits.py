"""Buyers who want more than an event sells to one, while nodes die, COMMITs are lost and holds run out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from chaos.buyers.caller import Target
from chaos.buyers.load import Habits, Load
from chaos.faults.database import cut_commits, wired_node
from chaos.faults.processes import killed_at
from chaos.trial import Trial, fault

LIMIT = 6
BUYERS = 6
_AT_ONCE = 4
"""How many wishes each buyer has under way: together they want more than the limit."""
_GREEDY = Habits(confirms=0.01, leaves=0.01, seats_max=4)
_SHORT_HOLDS = {"HOLD_SECONDS": "1"}


@asynccontextmanager
async def _greedy(
    trial: Trial, targets: Sequence[Target] | None = None, *, leaves: float = 0.01
) -> AsyncIterator[Load]:
    """Have buyers of a limited event, each at several browsers at once; see that the limit refused many wishes."""
    habits = replace(_GREEDY, leaves=leaves)
    async with trial.load(targets, limit=LIMIT, buyers=BUYERS, habits=habits) as load:
        browsers = [asyncio.create_task(load.live(number % BUYERS)) for number in range(BUYERS * (_AT_ONCE - 1))]
        try:
            yield load
        finally:
            load.stopping.set()
            await asyncio.gather(*browsers)
        refused = load.tally.answers["purchase_limit_reached"]
        trial.expect(refused >= 20, f"the limit refuses wishes ({refused} were)")


@fault(
    "limited-buyers-killed-after-commit",
    "processes",
    injection="SIGKILL of a node after the COMMIT of buyers who each want more than their limit at once; three times",
    expected="502 or a lost connection; the retry with the same key is the same reservation, and counts once",
    invariants="nobody has more than the limit at any version, nobody is refused below it",
)
async def _killed_after_commit(trial: Trial) -> None:
    async with _greedy(trial) as load:
        await killed_at(trial, load, trial.site.nodes[0], "after_commit", times=3)


@fault(
    "limited-buyers-killed-before-commit",
    "processes",
    injection="SIGKILL of a node with such buyers' batches stored and COMMIT not sent; three times",
    expected="502 or a lost connection; what was not committed does not count against the limit",
    invariants="nobody has more than the limit at any version, nobody is refused below it",
)
async def _killed_before_commit(trial: Trial) -> None:
    async with _greedy(trial) as load:
        await killed_at(trial, load, trial.site.nodes[1], "before_commit", times=3)


@fault(
    "limited-buyers-commit-acknowledgement-lost",
    "database",
    injection="the connection is reset when PostgreSQL's answer to such buyers' COMMIT comes back; eight times",
    expected="201 all the same: the batch finds its own work before it looks at the limit",
    invariants="nobody has more than the limit at any version, nobody is refused below it",
)
async def _commit_acknowledgement_lost(trial: Trial) -> None:
    async with wired_node(trial) as (wire, node), _greedy(trial, [node.address]) as load:
        await cut_commits(trial, wire, load, "reply")


@fault(
    "limited-buyers-holds-run-out",
    "clocks",
    injection="such buyers leave half of their holds, of 1 s, to run out, on two nodes; five seconds",
    expected="what runs out no longer counts, at that instant; buyers go on holding up to their limit",
    invariants="nobody has more than the limit at any version, nobody is refused below it",
)
async def _holds_run_out(trial: Trial) -> None:
    async with (
        trial.site.other_nodes("short-limited", _SHORT_HOLDS, _SHORT_HOLDS) as nodes,
        _greedy(trial, [node.address for node in nodes], leaves=0.5) as load,
    ):
        await asyncio.sleep(2.5)
        before = load.tally.answers["reserve 201"]
        await asyncio.sleep(2.5)
        made = load.tally.answers["reserve 201"] - before
        trial.expect(made > BUYERS, f"buyers hold again after their holds ran out ({made} did)")
        trial.expect_no_failure(load)
