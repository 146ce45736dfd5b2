"""Finished events are archived while tickets of others are sold, and whoever archives or restores is killed."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from chaos.buyers.load import Habits, Load
from chaos.site.past_sales import PastSales
from chaos.site.whole_run import CHECKOUT
from chaos.trial import Trial, fault

_EVENTS = 6
_FAILED_SHARE_MAX = 0.01
_STEPS = 18
"""More than the steps of one event."""
_CALM = Habits(pause_seconds=0.02)
_SALES = PastSales(seats=40, holds_per_seat=4)
_HASH = """
SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {table} t
WHERE t.{event} = ANY (SELECT id FROM events WHERE name LIKE 'Past event %')"""
_TABLES = {
    "claims": "event_id",
    "reservations": "event_id",
    "changes": "event_id",
    "seats": "event_id",
    "events": "id",
}


async def _hashes(trial: Trial) -> dict[str, str]:
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        return {
            table: await connection.fetchval(_HASH.format(table=table, event=event)) for table, event in _TABLES.items()
        }
    finally:
        await connection.close()


async def _counted(trial: Trial, statement: str) -> int:
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        return int(await connection.fetchval(statement))
    finally:
        await connection.close()


async def _add_past_events(trial: Trial) -> None:
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        await _SALES.add(connection, 1, _EVENTS, created_at=datetime.now(UTC) - timedelta(days=400))
    finally:
        await connection.close()


def _environment(trial: Trial, folder: Path) -> Mapping[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return {
        **kept,
        "DATABASE_URL": trial.site.postgres.url,
        "ARCHIVE_AFTER_DAYS": "30",
        "ARCHIVE_TO": str(folder),
    }


async def _command(trial: Trial, folder: Path, *words: str, seconds_max: float | None = None) -> tuple[int, str]:
    """Run a command; kill it after a time if one is given. Return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        env=_environment(trial, folder),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    saying = asyncio.create_task(process.communicate())
    try:
        await asyncio.wait_for(asyncio.shield(saying), seconds_max)
    except TimeoutError:
        process.kill()
    said, _ = await saying
    return process.returncode or 0, said.decode(errors="replace")


async def _until_done(trial: Trial, folder: Path, verb: str, kills: int, left: str) -> int:
    """Archive or restore, killed at seeded steps and moments, until nothing is left to do; return the kills."""
    died = 0
    while died < kills and await _counted(trial, left):
        if died % 4 == 3:
            words, seconds_max = ["-m", "chaos.site.archiver", "9999", verb], trial.random.uniform(0.6, 2.0)
        else:
            words, seconds_max = ["-m", "chaos.site.archiver", str(trial.random.randrange(_STEPS)), verb], None
        code, said = await _command(trial, folder, *words, seconds_max=seconds_max)
        trial.expect(code in (0, -signal.SIGKILL), f"it is killed or done, and never fails ({code}: {said[-300:]})")
        died += 1
    given = ["run", "--fast"] if verb == "run" else ["restore", "--all"]
    code, said = await _command(trial, folder, "-m", "holdfast", "archive", *given)
    trial.expect(code == 0, f"whoever comes next does the rest ({code}: {said[-300:]})")
    return died


async def _killed(trial: Trial, kills: int) -> None:
    await _add_past_events(trial)
    before = await _hashes(trial)
    folder = trial.folder / "archive"
    await asyncio.to_thread(folder.mkdir)
    sales = [await trial.sale(300)]
    async with trial.load(trial.site.node_targets, sales=sales, habits=_CALM) as load:
        here = "SELECT count(*) FROM events WHERE name LIKE 'Past event %' AND archived_at IS NULL"
        died = await _until_done(trial, folder, "run", kills, here)
        trial.expect(died > 0, f"it was killed {died} times while it archived")
        trial.expect(await _counted(trial, here) == 0, "every finished event is archived")
        await _expect_files(trial, folder)
        away = "SELECT count(*) FROM events WHERE archived_at IS NOT NULL"
        await _until_done(trial, folder, "restore", kills, away)
        trial.expect(await _counted(trial, away) == 0, "every event is restored")
        trial.expect(await _hashes(trial) == before, "every row is what it was, byte for byte")
        _expect_sales(trial, load)


async def _expect_files(trial: Trial, folder: Path) -> None:
    files = await asyncio.to_thread(lambda: len(list(folder.glob("*.jsonl.gz"))))
    trial.expect(files == _EVENTS, f"there is one file for each of {_EVENTS} events ({files})")
    code, said = await _command(trial, folder, "-m", "holdfast", "archive", "verify")
    trial.expect(code == 0, f"every file is what was written ({said[-300:]})")
    code, said = await _command(trial, folder, "-m", "holdfast", "check")
    trial.expect(code == 0, f"every promise holds while events are archived ({said[-600:]})")


def _expect_sales(trial: Trial, load: Load) -> None:
    failed, done = load.tally.failures(), load.tally.acknowledged
    # Forty programs are started beside the sales. On a busy machine a batch may wait too long for that.
    trial.expect(failed <= done * _FAILED_SHARE_MAX, f"hardly a request fails ({failed} did of {done})")
    trial.expect(done > 0, "sales go on")


@fault(
    "archiver-killed",
    "operators",
    injection="SIGKILL of `holdfast archive run` and then of `holdfast archive restore` at 5 seeded steps or moments "
    "each, while tickets of other events are sold",
    expected="nothing is half archived: the next run does the rest, one file per event, and restored rows are what "
    "they were, byte for byte; sales go on",
    invariants="all, also while events are archived",
    quick=True,
)
async def _archiver_killed(trial: Trial) -> None:
    await _killed(trial, kills=5)


@fault(
    "archiver-killed-often",
    "operators",
    injection="the same at 30 seeded steps or moments each",
    expected="the same",
    invariants="all, also while events are archived",
    seconds_max=400.0,
)
async def _archiver_killed_often(trial: Trial) -> None:
    await _killed(trial, kills=30)
