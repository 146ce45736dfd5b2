"""Buyers who change and extend their holds while nodes die and COMMITs are lost."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from chaos.buyers.caller import Target
from chaos.buyers.load import Habits, Load
from chaos.faults.database import cut_commits, wired_node
from chaos.faults.processes import killed_at
from chaos.trial import Trial, fault

_RESTLESS = Habits(changes=0.7, confirms=0.05, hot_seats=20)
_PROMISES = "a hold has all its wanted seats or those it had, at every version; it is extended once per known end"


@asynccontextmanager
async def _restless(trial: Trial, targets: Sequence[Target] | None = None) -> AsyncIterator[Load]:
    """Have buyers who change most of their holds; see that many were changed, extended and released."""
    async with trial.load(targets, buyers=8, habits=_RESTLESS) as load:
        yield load
        for answer in ("change_seats 200", "extend 200", "release 200"):
            times = load.tally.answers[answer]
            trial.expect(times >= 10, f"holds are changed ({answer}: {times})")


@fault(
    "changing-buyers-killed-after-commit",
    "processes",
    injection="SIGKILL of a node after the COMMIT of buyers who change and extend their holds; three times",
    expected="502 or a lost connection; the change sent again finds itself done",
    invariants=_PROMISES,
    quick=True,
)
async def _killed_after_commit(trial: Trial) -> None:
    async with _restless(trial) as load:
        await killed_at(trial, load, trial.site.nodes[0], "after_commit", times=3)


@fault(
    "changing-buyers-commit-acknowledgement-lost",
    "database",
    injection="the connection is reset when PostgreSQL's answer to such buyers' COMMIT comes back; eight times",
    expected="200 all the same: the batch finds its own change in the log",
    invariants=_PROMISES,
)
async def _commit_acknowledgement_lost(trial: Trial) -> None:
    async with wired_node(trial) as (wire, node), _restless(trial, [node.address]) as load:
        await cut_commits(trial, wire, load, "reply")
