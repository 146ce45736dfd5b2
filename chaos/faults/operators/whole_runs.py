"""`holdfast run` as a whole: with an optional part that keeps dying, and in odd places."""

import asyncio
import os
import shutil
import signal
import tempfile
from pathlib import Path

from chaos.buyers.load import Habits, until_true
from chaos.site.processes import off_loop
from chaos.site.whole_run import WholeRun, whole_run
from chaos.trial import CannotBeInjectedError, Trial, fault
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.process import processes_in

_KILLS = 6
_CALM = Habits(pause_seconds=0.03)
_NOBODY = 65_534


@fault(
    "redis-killed-six-times",
    "operators",
    injection=f"SIGKILL of Redis {_KILLS} times in one `holdfast run`, each time when it is there again",
    expected="not one request fails, and the run goes on",
    invariants="all",
)
async def _redis_killed_six_times(trial: Trial) -> None:
    folder = private_folder(trial.folder / "run")
    async with whole_run(folder, trial.folder / "run.log") as run:
        if not await run.started():
            trial.expect(False, f"the run starts ({' '.join(run.told()[-2:])})")  # noqa: FBT003 - it did not
            return
        async with trial.load([run.target], habits=_CALM, database_url=lambda: run.database_url) as load:
            for number in range(1, _KILLS + 1):
                there = await until_true(lambda: bool(processes_in(folder / "redis")), 15.0)
                trial.expect(there, f"Redis is there to be killed for the {number}. time")
                for process in processes_in(folder / "redis"):
                    os.kill(process, signal.SIGKILL)
                await asyncio.sleep(0.8)
                if not run.child.alive:
                    break
            trial.expect(run.child.alive, f"the run goes on ({' '.join(run.told()[-2:])})")
            trial.expect(load.tally.failures() == 0, f"not one request fails ({load.tally.failures()} did)")


_ODD_NAMES = ('a,b it\'s "said"', "back\\slash $HOME 東京 ホール")


async def _runs_or_explains(trial: Trial, run: WholeRun, name: str, setting: str) -> None:
    """Expect a run either to work or to exit with one line that names the setting."""
    if await run.started():
        async with trial.load([run.target], seats=50, buyers=4, database_url=lambda: run.database_url) as load:
            await asyncio.sleep(0.3)
            trial.expect(load.tally.failures() == 0, f"{name}: no request fails ({load.tally.failures()} did)")
        return
    complaints = [line for line in run.told() if line.startswith("holdfast: ")]
    trial.expect(not run.child.alive, f"{name}: a run that does not come up ends")
    text = f"{name}: one line says what to do ({len(run.told())} lines, {' '.join(run.told()[-1:])[:200]})"
    trial.expect(len(complaints) == 1 and setting in complaints[0], text)


@fault(
    "odd-folder-names",
    "operators",
    injection="`holdfast run` in folders with a comma, quotes, a backslash, a dollar sign, a space, and in Japanese",
    expected="each works, or one line says what to do; no traceback",
    invariants="all",
)
async def _odd_folder_names(trial: Trial) -> None:
    for number, name in enumerate(_ODD_NAMES):
        async with whole_run(trial.folder / name, trial.folder / f"odd-{number}.log") as run:
            await _runs_or_explains(trial, run, name, "HOLDFAST_DATA_DIR")
    trial.expect(len(trial.verdicts) > 0, "at least one of them works")


@fault(
    "unreadable-home",
    "operators",
    injection="`holdfast run` by a user whose HOME it may not read",
    expected="it works: nothing of it is wanted there",
    invariants="all",
)
async def _unreadable_home(trial: Trial) -> None:
    place = Path(tempfile.mkdtemp(prefix="hfc-home-"))
    home = place / "home"
    try:
        prefix = await off_loop(lambda: _make_home(place))
        environment = {"HOME": str(home)}
        log = trial.folder / "home.log"
        async with whole_run(place / "data", log, environment=environment, prefix=prefix) as run:
            await _runs_or_explains(trial, run, "an unreadable HOME", "HOME")
    finally:
        await off_loop(lambda: shutil.rmtree(place, ignore_errors=True))


def _make_home(place: Path) -> list[str]:
    """Make a data folder and an unreadable HOME; returns the prefix that a command needs."""
    (place / "home").mkdir(mode=0)
    (place / "data").mkdir(mode=0o700)
    if os.geteuid() != 0:
        return []
    # Root can read everything unless that capability is dropped, and even then its own files.
    os.chown(place / "home", _NOBODY, _NOBODY)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise CannotBeInjectedError("setpriv is not installed (apt-get install util-linux)")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search"]
