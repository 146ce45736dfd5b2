"""Faults of a transaction for several events: it must affect all of its events or none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from chaos.buyers.load import Habits, Load
from chaos.faults.database import cut_commits, event_locked, terminate_sessions, wired_node
from chaos.faults.processes import killed_at
from chaos.trial import Trial, fault

EVENTS = 8
_REST_SECONDS = 1.0
_SHARED = """
SELECT count(*) FROM (SELECT 1 FROM changes GROUP BY xmin::text HAVING count(DISTINCT event_id) > 1) AS transactions"""


@asynccontextmanager
async def _several_on_sale(trial: Trial) -> AsyncIterator[Load]:
    """Run buyers of several events, so many that events share transactions, and check that this happened."""
    async with trial.load(events=EVENTS, seats=100, buyers=32, habits=Habits(pause_seconds=0.0)) as load:
        yield load
        await _expect_shared(trial)


async def _expect_shared(trial: Trial) -> None:
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        shared = await connection.fetchval(_SHARED)
    finally:
        await connection.close()
    trial.expect(shared >= 20, f"events share transactions ({shared} did)")


@fault(
    "several-events-killed-after-commit",
    "processes",
    injection=f"SIGKILL of a node after the COMMIT of a transaction, buyers at {EVENTS} events; three times",
    expected="502 or a lost connection; the retry with the same key is the same reservation",
    invariants="nothing lost, one effect per key, versions of every event without gaps",
)
async def _killed_after_commit(trial: Trial) -> None:
    async with _several_on_sale(trial) as load:
        await killed_at(trial, load, trial.site.nodes[0], "after_commit", times=3)


@fault(
    "several-events-killed-before-commit",
    "processes",
    injection=f"SIGKILL of a node with batches stored and COMMIT not sent, buyers at {EVENTS} events; three times",
    expected="502 or a lost connection; the retry makes the reservation; nothing is left of the first try",
    invariants="one effect per key, no orphan rows",
)
async def _killed_before_commit(trial: Trial) -> None:
    async with _several_on_sale(trial) as load:
        await killed_at(trial, load, trial.site.nodes[1], "before_commit", times=3)


@fault(
    "several-events-commit-acknowledgement-lost",
    "database",
    injection=f"the connection is reset when PostgreSQL's answer to COMMIT comes back, {EVENTS} events; eight times",
    expected="201 all the same: each event's batch is submitted again by itself and finds its own work",
    invariants="one effect per key, nothing lost",
)
async def _commit_acknowledgement_lost(trial: Trial) -> None:
    async with wired_node(trial) as (wire, node), trial.load([node.address], events=EVENTS) as load:
        await cut_commits(trial, wire, load, "reply")
    await _expect_shared(trial)


@fault(
    "several-events-sessions-terminated",
    "database",
    injection=f"pg_terminate_backend of every session of Holdfast, ten times, buyers at {EVENTS} events",
    expected="writes a little later: each event's batch is submitted again; 503 `none` where a read was ended",
    invariants="nothing lost, one effect per key",
)
async def _sessions_terminated(trial: Trial) -> None:
    async with _several_on_sale(trial) as load:
        await terminate_sessions(trial, load)
        await asyncio.sleep(_REST_SECONDS)
        trial.expect(load.tally.unknown == 0, f"every outcome is known ({load.tally.unknown} were not)")


@fault(
    "one-of-several-events-locked",
    "database",
    injection=f"another session holds the row of one of {EVENTS} events for 1.5 s",
    expected="its buyers wait; those of the other events do not",
    invariants="all",
)
async def _one_locked(trial: Trial) -> None:
    async with _several_on_sale(trial) as load:
        async with event_locked(trial, load.sale.event):
            trial.injected()
            before = load.tally.acknowledged
            await asyncio.sleep(1.5)
            gained = load.tally.acknowledged - before
        trial.expect(gained > EVENTS, f"the other events are sold meanwhile ({gained} writes)")
        await asyncio.sleep(_REST_SECONDS)
        trial.expect_no_failure(load)
