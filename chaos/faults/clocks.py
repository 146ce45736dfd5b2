"""Wrong clocks: on API nodes, and PostgreSQL's after a restart."""

import asyncio
import sysconfig
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import asyncpg

from chaos.buyers.caller import Caller, Target
from chaos.buyers.load import Habits
from chaos.site.postmaster import Postmaster
from chaos.site.processes import off_loop
from chaos.trial import CannotBeInjectedError, Trial, fault

_HOUR_SECONDS = 3_600


def shifted(seconds: int, rate: float = 1.0) -> Mapping[str, str]:
    """Return the environment of a program whose wall clock is wrong.

    Raises:
        CannotBeInjectedError: libfaketime is not installed.
    """
    places = [Path(sysconfig.get_path(name)) / "libfaketime" for name in ("purelib", "platlib")]
    for place in places:
        for library in sorted(place.rglob("libfaketime*.so*")):
            skew = f"{seconds:+d}" + (f" x{rate}" if rate != 1.0 else "")
            # The monotonic clock stays right, as it does on a real machine whose wall clock jumps.
            return {"LD_PRELOAD": str(library), "FAKETIME": skew, "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
    raise CannotBeInjectedError("libfaketime is not installed (pip install libfaketime, Linux only)")


def an_hour_off() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the environments of a node whose clock is an hour ahead and of one whose clock is an hour behind."""
    return shifted(_HOUR_SECONDS), shifted(-_HOUR_SECONDS)


async def _clock_of(node: Target) -> float:
    async with Caller(node) as caller:
        answer = await caller.call("GET", "/health")
    return datetime.fromisoformat(answer.json()["timestamp"]).timestamp()


async def _nodes_skewed(trial: Trial, *skews: Mapping[str, str], wrong_by: int | None = None) -> None:
    environments = [{**skew, "HOLD_SECONDS": "2"} for skew in skews]
    async with trial.site.other_nodes("skewed", *environments) as nodes:
        if wrong_by is not None:
            for node in nodes:
                off = abs(await _clock_of(node.address) - time.time())
                trial.expect(off > wrong_by, f"a node's clock is wrong by more than {wrong_by} s ({off:.0f} s)")
        habits = Habits(leaves=0.5, hot_seats=20)
        async with trial.load([node.address for node in nodes], habits=habits) as load:
            await asyncio.sleep(4.5)
            trial.expect_no_failure(load)
            expired = load.tally.answers["hold_expired"] + load.tally.answers["confirm 409"]
            trial.expect(load.tally.answers["reserve 201"] > 0, f"seats are held ({expired} came too late)")


@fault(
    "api-clocks-skewed",
    "clocks",
    injection="one node's wall clock is an hour ahead, another's an hour behind; holds live for 2 s",
    expected="no effect: only PostgreSQL's clock decides, and every hold lives for 2 s",
    invariants="no late confirmation, no early expiry",
)
async def _api_clocks_skewed(trial: Trial) -> None:
    await _nodes_skewed(trial, *an_hour_off(), wrong_by=3_000)


@fault(
    "api-clocks-run-fast",
    "clocks",
    injection="one node's wall clock runs at 1.5 times, another's at half the speed; holds live for 2 s",
    expected="no effect",
    invariants="no late confirmation, no early expiry",
)
async def _api_clocks_run_fast(trial: Trial) -> None:
    await _nodes_skewed(trial, shifted(0, 1.5), shifted(0, 0.5))


async def _postgres_clock(url: str) -> float:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    finally:
        await connection.close()
    return now.timestamp()


async def _postgres_jumps(trial: Trial, seconds: int) -> None:
    skew = shifted(seconds)
    postgres = trial.site.postgres
    jumped = Postmaster(postgres.cluster_dir, port=postgres.port, environment=skew)
    habits = Habits(leaves=0.5, hot_seats=20)
    # PostgreSQL's clock is no longer this machine's: the checkers must not compare its times with the clients'.
    async with trial.load(habits=habits, clocks_agree=False) as load:
        try:
            await off_loop(lambda: postgres.stop("immediate"))
            await off_loop(jumped.start)
            trial.expect(await trial.writes_back(load, 30.0) is not None, "writes are back after the jump")
            off = await _postgres_clock(postgres.url) - time.time()
            trial.expect(abs(off - seconds) < 60, f"PostgreSQL's clock is wrong by {seconds} s ({off:.0f} s)")
            await asyncio.sleep(2.0)
        finally:
            await off_loop(jumped.stop)
            await off_loop(postgres.restart)
        trial.injected()
        trial.expect(await trial.writes_back(load, 30.0) is not None, "writes are back after the jump back")
        await asyncio.sleep(1.0)


@fault(
    "postgres-clock-jumps-forward",
    "clocks",
    injection="PostgreSQL comes back with its clock two hours ahead, later with the right one (two hours back)",
    expected="holds expire early (all are overdue at once); nothing is sold twice",
    invariants="all",
)
async def _postgres_clock_jumps_forward(trial: Trial) -> None:
    await _postgres_jumps(trial, 2 * _HOUR_SECONDS)


@fault(
    "postgres-clock-jumps-back",
    "clocks",
    injection="PostgreSQL comes back with its clock two hours behind, later with the right one",
    expected="holds live longer; nothing is refused or sold twice because a time lies in the future",
    invariants="all",
)
async def _postgres_clock_jumps_back(trial: Trial) -> None:
    await _postgres_jumps(trial, -2 * _HOUR_SECONDS)
