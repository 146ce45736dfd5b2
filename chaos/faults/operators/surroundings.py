"""Failures of the environment: a rotated password, revoked privileges, a half-done deployment, a read-only Redis.

No process may exit and no answer may be 500. /readyz must report the problem, and service must resume once it is fixed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import asyncpg
from redis.asyncio import Redis

from chaos.buyers.caller import Caller, NoAnswerError, NotSentError, Target
from chaos.buyers.load import Habits, Load, answers, until
from chaos.faults.database import execute, expect_back
from chaos.trial import Trial, fault

_BROKEN_SECONDS = 3.0
_FOUND_SECONDS_MAX = 6.0
_SOUND_SECONDS_MAX = 30.0
_CALM = Habits(pause_seconds=0.05)
_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'holdfast-%'"
_SESSIONS = """
SELECT count(*) FILTER (WHERE application_name LIKE 'holdfast-worker%') > 0
   AND count(*) FILTER (WHERE application_name LIKE 'holdfast-api%') > 0
FROM pg_stat_activity WHERE usename = 'holdfast'"""


async def unsound_parts(target: Target) -> dict[str, str]:
    """Return the parts that a node's /readyz does not report as `ok`, with their details."""
    try:
        async with Caller(target) as caller:
            told = (await caller.call("GET", "/readyz")).json()
    except (NoAnswerError, NotSentError):
        return {}
    parts = told.get("parts", {})
    return {name: part.get("detail", "") for name, part in parts.items() if part["status"] != "ok"}


async def _finds_something(target: Target) -> bool:
    return bool(await unsound_parts(target))


async def _finds_nothing(target: Target) -> bool:
    return await answers(target, "/readyz") and not await unsound_parts(target)


async def _expect_found(trial: Trial, what: str) -> None:
    """Expect every node's /readyz to report a problem."""
    targets = trial.site.node_targets
    found = await asyncio.gather(*(until(partial(_finds_something, one), _FOUND_SECONDS_MAX) for one in targets))
    trial.expect(all(found), f"/readyz of every node finds {what} ({found.count(False)} did not)")


async def _expect_sound(trial: Trial) -> None:
    """Expect every node's /readyz to report no problem any more. It remembers failures for a while."""
    targets = trial.site.node_targets
    sound = await asyncio.gather(*(until(partial(_finds_nothing, one), _SOUND_SECONDS_MAX) for one in targets))
    trial.expect(all(sound), f"/readyz is sound again ({sound.count(False)} nodes are not)")


def _expect_all_alive(trial: Trial, load: Load) -> None:
    worker = trial.site.worker
    assert worker is not None
    for program in (*trial.site.nodes, worker):
        trial.expect(program.child.alive, f"{program.child.name} lives on")
    errors = load.tally.statuses["500"]
    trial.expect(errors == 0, f"nobody is told 500 ({errors} were)")


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A temporary problem: its description, and the statements that cause and fix it."""

    what: str
    broken: Sequence[str]
    mended: Sequence[str]


async def _broken_for_a_while(trial: Trial, *wrongs: _Wrong) -> None:
    """Break one thing after another in the database as superuser, under load, and fix each again."""
    url = trial.site.postgres.superuser_url.rsplit("/", 1)[0] + "/holdfast"
    async with trial.load(trial.site.node_targets, habits=_CALM) as load:
        for one in wrongs:
            await _break(trial, load, one.what, partial(execute, url, *one.broken), partial(execute, url, *one.mended))
        _expect_all_alive(trial, load)


async def _break(
    trial: Trial, load: Load, what: str, injure: Callable[[], Awaitable[None]], mend: Callable[[], Awaitable[None]]
) -> None:
    try:
        await injure()
        await asyncio.sleep(_BROKEN_SECONDS)
        await _expect_found(trial, what)
    finally:
        await mend()
    trial.injected()
    await expect_back(trial, load)


@fault(
    "password-rotated",
    "operators",
    injection="the database role gets another password and every session ends; after 3 s the old one is put back",
    expected="503 with outcome meanwhile, and a finding in /readyz; no process ends; all of them reconnect",
    invariants="nothing lost, one effect per key",
    quick=True,
)
async def _password_rotated(trial: Trial) -> None:
    password = urlsplit(trial.site.postgres.url).password
    rotated = ("ALTER ROLE holdfast PASSWORD 'rotated'", _END_SESSIONS)
    put_back = (f"ALTER ROLE holdfast PASSWORD '{password}'",)
    await _broken_for_a_while(trial, _Wrong("the wrong password", rotated, put_back))
    await _expect_sound(trial)
    connection = await asyncpg.connect(trial.site.postgres.superuser_url, timeout=5)
    try:

        async def reconnected() -> bool:
            return bool(await connection.fetchval(_SESSIONS))

        trial.expect(await until(reconnected, 10.0), "nodes and worker have sessions again")
    finally:
        await connection.close()


@fault(
    "grant-revoked",
    "operators",
    injection="the role loses its rights on one table (42501) for 3 s, first of the claims, then of the log",
    expected="503 with outcome meanwhile, and a finding in /readyz; no process ends",
    invariants="nothing lost, one effect per key",
)
async def _grant_revoked(trial: Trial) -> None:
    rights = [
        _Wrong(
            f"missing rights on {table}",
            [f"REVOKE ALL ON {table} FROM holdfast"],
            [f"GRANT ALL ON {table} TO holdfast"],
        )
        for table in ("claims", "changes")
    ]
    await _broken_for_a_while(trial, *rights)


@fault(
    "read-only-database",
    "database",
    injection="the database refuses writes (25006), as a primary that became a standby does, for 3 s",
    expected="503 with outcome, and a finding in /readyz; reads answer; writes are back when it takes them again",
    invariants="nothing lost",
)
async def _read_only_database(trial: Trial) -> None:
    name, reload = "default_transaction_read_only", "SELECT pg_reload_conf()"
    broken = (f"ALTER SYSTEM SET {name} = on", reload)
    mended = (f"SET {name} = off", f"ALTER SYSTEM RESET {name}", reload)
    await _broken_for_a_while(trial, _Wrong("a read-only server", broken, mended))


@fault(
    "role-read-only",
    "operators",
    injection="default_transaction_read_only is set for the role and every session ends; after 3 s it is reset, and "
    "the sessions of meanwhile stay",
    expected="503 with outcome meanwhile, and a finding in /readyz; writes are back without a restart",
    invariants="nothing lost",
)
async def _role_read_only(trial: Trial) -> None:
    name = "default_transaction_read_only"
    only = (f"ALTER ROLE holdfast SET {name} = on", _END_SESSIONS)
    await _broken_for_a_while(trial, _Wrong("a read-only database", only, [f"ALTER ROLE holdfast RESET {name}"]))
    await _expect_sound(trial)


@fault(
    "wrong-deployment",
    "operators",
    injection="a table is renamed away (42P01) for 3 s, then a column (42703); each is put back",
    expected="503 with outcome meanwhile, and a finding in /readyz; no process ends",
    invariants="nothing lost, one effect per key",
)
async def _wrong_deployment(trial: Trial) -> None:
    away, back = "ALTER TABLE claims RENAME TO claims_away", "ALTER TABLE claims_away RENAME TO claims"
    column = "ALTER TABLE reservations RENAME COLUMN {} TO {}"
    old, new = column.format("expires_at", "ends_at"), column.format("ends_at", "expires_at")
    await _broken_for_a_while(
        trial, _Wrong("a missing table", [away], [back]), _Wrong("a missing column", [old], [new])
    )


async def _redis_refuses(trial: Trial, what: str, broken: Sequence[str], mended: Sequence[str]) -> None:
    async with (
        Redis.from_url(trial.site.redis.url) as client,
        trial.load(trial.site.node_targets, habits=Habits(hot_seats=12)) as load,
    ):

        async def run(words: Sequence[str]) -> None:
            await client.execute_command(*words)  # type: ignore[no-untyped-call]

        await _break(trial, load, what, partial(run, broken), partial(run, mended))
        trial.expect(load.tally.failures() == 0, f"not one request fails ({load.tally.failures()} did)")
    await _expect_sound(trial)


@fault(
    "redis-read-only",
    "gate",
    injection="Redis becomes a replica of nothing for 3 s: every write is refused (READONLY), PING is answered",
    expected="not one request fails; /readyz of every node says `degraded`",
    invariants="no seat sold twice",
)
async def _redis_read_only(trial: Trial) -> None:
    broken, mended = ("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")
    await _redis_refuses(trial, "a Redis that takes no writes", broken, mended)


@fault(
    "redis-without-permission",
    "gate",
    injection="the ACL of Redis forbids scripts (NOPERM) for 3 s, PING is answered",
    expected="not one request fails; /readyz of every node says `degraded`",
    invariants="no seat sold twice",
)
async def _redis_without_permission(trial: Trial) -> None:
    user = ["ACL", "SETUSER", "default"]
    await _redis_refuses(trial, "a Redis that forbids scripts", [*user, "-@scripting"], [*user, "+@all"])
