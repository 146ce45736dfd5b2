"""Runs the steps of one migration, each once, without blocking the sale for long."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import asyncpg

from holdfast.infrastructure.postgres.migrations.distributed import ON_CITUS
from holdfast.infrastructure.postgres.migrations.reporter import Reporter, Silent
from holdfast.infrastructure.postgres.migrations.script import CREATE_INDEX, Step, in_one_line
from holdfast.infrastructure.postgres.migrations.watching import Connect, Watcher, watching

Direction = Literal["up", "down"]

LOCK_SECONDS = 1.0
"""How long a statement waits for the lock of a table. Later statements queue behind it, batches too, and these time out
after 3 s. So the migration gives up first, lets them run, and tries again."""
PAUSE_SECONDS_MAX = 8.0
PATIENCE_SECONDS = 600.0
"""How long it keeps trying."""

_PASSES = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)

_MAKE_RECORD = """
CREATE TABLE migration_steps (
    revision  text        NOT NULL,
    direction text        NOT NULL,
    step      text        NOT NULL,
    done_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_steps_pkey PRIMARY KEY (revision, direction, step)
)"""
_NOTE = "INSERT INTO migration_steps (revision, direction, step) VALUES ($1, $2, $3)"
FORGET = "DELETE FROM migration_steps WHERE revision = :revision"
"""Runs in the transaction that also moves `alembic_version`: from then on the migration is done."""


class StillLockedError(Exception):
    """A lock was not available for many minutes; the message says who holds it."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the steps of one command share."""

    connect: Connect
    """Opens a second connection."""
    reporter: Reporter = field(default_factory=Silent)
    lock_seconds: float = LOCK_SECONDS
    patience_seconds: float = PATIENCE_SECONDS


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A migration that was started and not completed."""

    revision: str
    direction: Direction
    done: tuple[str, ...]


async def make_record(connection: asyncpg.Connection) -> None:
    """Create the table that records finished steps, if it does not exist."""
    if await connection.fetchval("SELECT to_regclass('migration_steps')") is None:
        await connection.execute(_MAKE_RECORD)


async def under_way(connection: asyncpg.Connection) -> UnderWay | None:
    """Return the migration of which some steps are done and others are not."""
    if await connection.fetchval("SELECT to_regclass('migration_steps')") is None:
        return None
    rows = await connection.fetch("SELECT revision, direction, step FROM migration_steps ORDER BY done_at")
    if not rows:
        return None
    return UnderWay(rows[0]["revision"], rows[0]["direction"], tuple(row["step"] for row in rows))


async def run_steps(
    connection: asyncpg.Connection, revision: str, direction: Direction, steps: Sequence[Step], run: Run
) -> None:
    """Run the steps that are not recorded as done.

    A step with a transaction is recorded in it, so it runs exactly once. A step without one is recorded afterwards;
    after a crash in between it runs again, so its statements must be repeatable.

    Raises:
        StillLockedError: A lock stays held.
        asyncpg.PostgresError: A statement failed for another reason. Finished steps stay done.
    """
    noted = await connection.fetch(
        "SELECT step FROM migration_steps WHERE revision = $1 AND direction = $2", revision, direction
    )
    done = {row["step"] for row in noted}
    if await connection.fetchval(ON_CITUS):
        steps = [step.with_one_change_each() for step in steps]
    async with watching(run.connect, connection.get_server_pid(), run.reporter) as watcher:
        for step in steps:
            if step.name in done:
                continue
            what = f"{revision} {step.name}"
            began = time.monotonic()
            run.reporter.began(what)
            carry_out = _within if step.in_transaction else _outside

            async def attempt(step: Step = step, carry_out: _CarryOut = carry_out) -> None:
                await carry_out(connection, step, (revision, direction, step.name), run)

            await _until_unlocked(attempt, what, watcher, run)
            run.reporter.done(what, time.monotonic() - began)


_Note = tuple[str, Direction, str]
_CarryOut = Callable[[asyncpg.Connection, Step, _Note, Run], Awaitable[None]]


async def _within(connection: asyncpg.Connection, step: Step, note: _Note, run: Run) -> None:
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = {run.lock_seconds * 1000:.0f}")
        for statement in step.statements:
            await connection.execute(statement)
        await connection.execute(_NOTE, *note)


async def _outside(connection: asyncpg.Connection, step: Step, note: _Note, _: Run) -> None:
    # These statements block nobody while they wait, so they may wait without a limit.
    await connection.execute("SET lock_timeout = 0")
    for statement in step.statements:
        index = CREATE_INDEX.match(in_one_line(statement))
        if index is None:
            await connection.execute(statement)
        else:
            await _make_index(connection, index["name"], statement)
    await connection.execute(_NOTE, *note)


async def _make_index(connection: asyncpg.Connection, name: str, statement: str) -> None:
    """Create an index; first drop an invalid one left by an earlier attempt.

    PostgreSQL uses an invalid index for no query, but every write updates it and its name is taken.
    """
    valid = await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)", name)
    if valid:
        return
    if valid is not None:
        await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    await connection.execute(statement)


async def _until_unlocked(attempt: Callable[[], Awaitable[None]], what: str, watcher: Watcher, run: Run) -> None:
    deadline = time.monotonic() + run.patience_seconds
    pause = run.lock_seconds
    while True:
        try:
            await attempt()
        except _PASSES as refused:
            holders = watcher.holders or "a session that was not seen"
            if time.monotonic() + pause > deadline:
                raise StillLockedError(
                    f"{what}: {type(refused).__name__} for {run.patience_seconds:.0f} s, held by {holders}; "
                    "end that session, or try again later: what was done stays done"
                ) from refused
            run.reporter.waits(f"tries again in a moment: the lock is held by {holders}")
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - so that it is not in step with a recurring lock
            pause = min(2 * pause, PAUSE_SECONDS_MAX)
        else:
            return
