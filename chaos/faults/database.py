"""PostgreSQL killed, restarted, unreachable, slow, out of connections, or failing our transactions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg

from chaos.buyers.caller import Target
from chaos.buyers.load import Habits, Load, answers, until, until_true
from chaos.site.fail_points import arm, met
from chaos.site.processes import Program, off_loop
from chaos.site.wire import Wire, wire_to
from chaos.trial import RESTART_SECONDS_MAX, Trial, fault

_REST_SECONDS = 1.0


async def execute(database_url: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    connection = await asyncpg.connect(database_url, timeout=5)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def expect_back(trial: Trial, load: Load, seconds_max: float = RESTART_SECONDS_MAX) -> None:
    """Expect writes to resume within a time after the injection."""
    back = await trial.writes_back(load, 4 * seconds_max)
    trial.expect(back is not None and back <= seconds_max, f"writes are back within {seconds_max:.0f} s ({back} s)")
    await asyncio.sleep(_REST_SECONDS)


@asynccontextmanager
async def wired_node(trial: Trial, **environment: str) -> AsyncIterator[tuple[Wire, Program]]:
    """Run another node that reaches PostgreSQL through a wire."""
    postgres = trial.site.postgres
    async with wire_to(Target("127.0.0.1", postgres.port)) as wire:
        url = postgres.url.replace(f":{postgres.port}/", f":{wire.here.port}/")
        async with trial.site.another("serve", "wired-node", {"DATABASE_URL": url, **environment}) as node:
            yield wire, node


@asynccontextmanager
async def event_locked(trial: Trial, event: str) -> AsyncIterator[None]:
    """Lock an event's row from a session that does not belong to Holdfast."""
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM events WHERE id = $1 FOR UPDATE", event)
            yield
    finally:
        await connection.close()


@fault(
    "postgres-killed",
    "database",
    injection="SIGKILL of the postmaster, then a start with crash recovery",
    expected=f"answers late, or 503 with outcome; writes are back within {RESTART_SECONDS_MAX:.0f} s",
    invariants="nothing lost",
    quick=True,
)
async def _postgres_killed(trial: Trial) -> None:
    async with trial.load() as load:
        await off_loop(trial.site.postgres.kill)
        await off_loop(trial.site.postgres.restart)
        await expect_back(trial, load)


@fault(
    "postgres-immediate-stop",
    "database",
    injection="an immediate stop (no checkpoint), then a start with crash recovery; twice",
    expected=f"as after a kill; writes are back within {RESTART_SECONDS_MAX:.0f} s",
    invariants="nothing lost",
)
async def _postgres_immediate_stop(trial: Trial) -> None:
    async with trial.load() as load:
        for _ in range(2):
            trial.injected()
            await off_loop(lambda: trial.site.postgres.restart("immediate"))
            await expect_back(trial, load)


@fault(
    "postgres-fast-restart",
    "database",
    injection="a fast restart, which ends every session (57P01)",
    expected=f"answers late, or 503; writes are back within {RESTART_SECONDS_MAX:.0f} s",
    invariants="nothing lost",
)
async def _postgres_fast_restart(trial: Trial) -> None:
    async with trial.load() as load:
        await off_loop(trial.site.postgres.restart)
        await expect_back(trial, load)


async def _again_on_sale(trial: Trial, load: Load) -> None:
    """Wait until buyers get seats again after an injection, before the next one.

    On a slow machine a batch's second try takes longer than any fixed pause. Then every injection hits the same batch,
    and after 2 s its buyers rightly get 503.
    """
    trial.injected()
    trial.expect(await trial.writes_back(load, RESTART_SECONDS_MAX) is not None, "buyers get seats before the next one")


async def terminate_sessions(trial: Trial, load: Load) -> None:
    """End every session of Holdfast, ten times."""
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'holdfast-%'"
    for _ in range(10):
        await execute(trial.site.postgres.superuser_url, kill)
        await _again_on_sale(trial, load)


@fault(
    "sessions-terminated",
    "database",
    injection="pg_terminate_backend of every session of Holdfast, ten times",
    expected="writes a little later: each batch is submitted again; 503 `none` where a read was ended",
    invariants="nothing lost, one effect per key",
    quick=True,
)
async def _sessions_terminated(trial: Trial) -> None:
    async with trial.load() as load:
        await terminate_sessions(trial, load)
        await asyncio.sleep(_REST_SECONDS)
        trial.expect(load.tally.unknown == 0, f"every outcome is known ({load.tally.unknown} were not)")


async def cut_commits(trial: Trial, wire: Wire, load: Load, side: Literal["request", "reply"]) -> None:
    """Cut a node's connection at eight COMMITs, before they arrive or before their replies do; no buyer may notice."""
    for _ in range(8):
        wire.cuts[side] = 1
        await until_true(lambda: wire.cuts[side] == 0, RESTART_SECONDS_MAX)
        await _again_on_sale(trial, load)
    await asyncio.sleep(_REST_SECONDS)
    trial.expect(wire.cut_commits == 8, f"eight COMMITs are cut ({wire.cut_commits})")
    trial.expect(wire.cancel_requests == 0, "nothing is ever cancelled")
    trial.expect_no_failure(load)


@fault(
    "commit-acknowledgement-lost",
    "database",
    injection="the connection is reset when PostgreSQL's answer to COMMIT comes back; eight times",
    expected="201 all the same: the batch is submitted again and finds its own work",
    invariants="one effect per key, nothing lost",
    quick=True,
)
async def _commit_acknowledgement_lost(trial: Trial) -> None:
    async with wired_node(trial) as (wire, node), trial.load([node.address]) as load:
        await cut_commits(trial, wire, load, "reply")


@fault(
    "commit-lost",
    "database",
    injection="the connection is reset when COMMIT is sent, before PostgreSQL gets it; eight times",
    expected="201 all the same: the batch is submitted again",
    invariants="one effect per key, nothing lost",
)
async def _commit_lost(trial: Trial) -> None:
    async with wired_node(trial) as (wire, node), trial.load([node.address]) as load:
        await cut_commits(trial, wire, load, "request")


@fault(
    "partition-from-postgres",
    "database",
    injection="one node's connections to PostgreSQL fall silent for 12 s, while two others go on; then they speak",
    expected="503 `none` or `unknown` from that node within about 10 s; retries on the others settle",
    invariants="nothing lost, one effect per key",
)
async def _partition_from_postgres(trial: Trial) -> None:
    async with wired_node(trial) as (wire, node):
        targets = [node.address, *trial.site.node_targets[:2]]
        async with trial.load(targets, buyers=16) as load:
            wire.silence()
            await asyncio.sleep(12.0)
            wire.speak()
            await asyncio.sleep(2 * _REST_SECONDS)
            trial.expect(wire.cancel_requests == 0, "nothing is ever cancelled")
            healed = await until(lambda: answers(node.address, "/readyz"), 15.0)
            trial.expect(healed, "the node is ready again when PostgreSQL is")
        trial.expect(load.tally.statuses["503"] > 0, "the node says that it cannot")


@fault(
    "slow-postgres",
    "database",
    injection="30 ms on every way to and from PostgreSQL, and replies in pieces of 100 bytes",
    expected="answers late, or 503 where a transaction would take longer than 2 s; all is well when it is quick again",
    invariants="all",
)
async def _slow_postgres(trial: Trial) -> None:
    async with wired_node(trial) as (wire, node), trial.load([node.address], buyers=24) as load:
        wire.delay_seconds, wire.chunk_bytes = 0.03, 100
        await asyncio.sleep(4.0)
        wire.delay_seconds, wire.chunk_bytes = 0.0, 65_536
        trial.injected()
        await expect_back(trial, load)
        trial.expect(wire.cancel_requests == 0, "nothing is ever cancelled")


async def _raised(trial: Trial, sqlstates: tuple[str, ...]) -> None:
    async with trial.load() as load:
        raised = 0
        for sqlstate in sqlstates * 3:
            for node in trial.site.nodes:
                arm(node.points, "after_store", f"raise {sqlstate}")
            await until(lambda: _all_met(trial), 3.0)
            raised += sum(met(node.points, "after_store") for node in trial.site.nodes)
        await asyncio.sleep(_REST_SECONDS)
        trial.expect(raised >= len(sqlstates) * 3, f"errors are raised ({raised})")
        # A request that waits for 2 s behind the retries of others is refused, as under any load.
        trial.expect(load.tally.unknown == 0, f"every outcome is known ({load.tally.unknown} were not)")


async def _all_met(trial: Trial) -> bool:
    return all(met(node.points, "after_store") for node in trial.site.nodes)


@fault(
    "deadlock-and-serialization-errors",
    "database",
    injection="40P01, 40001, 55P03 and 57014 after a batch was stored, three times each on three nodes",
    expected="rolled back and submitted again inside the node; at most 503 `none` for who had to wait for 2 s",
    invariants="all",
    quick=True,
)
async def _deadlock_and_serialization_errors(trial: Trial) -> None:
    await _raised(trial, ("40P01", "40001", "55P03", "57014"))


@fault(
    "event-locked-by-a-stranger",
    "database",
    injection="another session holds the event's row for 5 s, past lock_timeout and the queue's limit",
    expected="503 `none` with Retry-After for those who waited 2 s; then everything goes on",
    invariants="nothing lost",
)
async def _event_locked_by_a_stranger(trial: Trial) -> None:
    async with trial.load() as load:
        async with event_locked(trial, load.sale.event):
            await asyncio.sleep(5.0)
        trial.injected()
        await expect_back(trial, load)


@fault(
    "pools-exhausted",
    "database",
    injection="200 buyers against a node with one write and one read connection, half of them slow",
    expected="answers late, or 503 with Retry-After; /health stays 200",
    invariants="all",
)
async def _pools_exhausted(trial: Trial) -> None:
    pools = {"WRITE_POOL_SIZE": "1", "READ_POOL_SIZE": "1"}
    async with wired_node(trial, **pools) as (wire, node):
        wire.delay_seconds = 0.02
        habits = Habits(pause_seconds=0.3)
        async with trial.load([node.address], buyers=200, habits=habits):
            healthy = [await answers(node.address, "/health", seconds_max=5.0) for _ in range(8)]
            await asyncio.sleep(3.0)
            trial.expect(all(healthy), "/health answers 200 throughout")


@fault(
    "too-many-connections",
    "database",
    injection="every connection of PostgreSQL is taken by others (53300), and ours are ended",
    expected="503 with outcome while there is none; writes are back when there is",
    invariants="nothing lost",
)
async def _too_many_connections(trial: Trial) -> None:
    url = trial.site.postgres.superuser_url
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'holdfast-%'"
    async with trial.load() as load:
        taken: list[asyncpg.Connection[asyncpg.Record]] = []
        try:
            await execute(url, "ALTER ROLE holdfast CONNECTION LIMIT 1", ended)
            taken.append(await asyncpg.connect(trial.site.postgres.url, timeout=5))
        except asyncpg.TooManyConnectionsError:
            pass  # one of the nodes was faster; the connection is taken either way
        await asyncio.sleep(2.0)
        for connection in taken:
            await connection.close()
        await execute(url, "ALTER ROLE holdfast CONNECTION LIMIT -1")
        trial.injected()
        await expect_back(trial, load)
