"""The fault suite: `make chaos`, `make chaos-quick`, or `python -m chaos.run --only NAME`.

Every fault is injected under load into real processes; then its history and its database are judged. The exit status
is 0 only if nothing was lost or sold twice, no answer was 500, and every expectation held.
"""

import asyncio
import os
import platform
import shutil
import sys
import tempfile
import time
import traceback
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from random import Random

import uvloop

import chaos.faults  # noqa: F401 - enters the catalogue
from chaos.account import Account, Result, result_of, skipped
from chaos.checkers.verdict import clear
from chaos.site.processes import Site, open_site
from chaos.trial import CATALOGUE, CannotBeInjectedError, Fault, Trial
from holdfast.infrastructure.embedded import EmbeddedError, EmbeddedRedis
from holdfast.infrastructure.embedded.nginx import nginx_program

REPORT_FOLDER = Path(__file__).parents[1] / "docs" / "chaos"


def main() -> int:
    """Run the suite, or the selected faults."""
    given = _arguments()
    chosen = _chosen(given)
    if isinstance(chosen, str):
        return _refuse(chosen)
    try:
        nginx_program()
    except EmbeddedError as missing:
        return _refuse(str(missing))
    if not EmbeddedRedis.available():
        return _refuse("no redis-server or valkey-server is on PATH: install one")
    folder = Path(tempfile.mkdtemp(prefix="hfc-"))
    account = Account(given.seed, _machine())
    started = time.monotonic()
    try:
        uvloop.run(_run_all(chosen, folder, account))
    finally:
        account.seconds = time.monotonic() - started
        if given.report is not None:
            account.save(given.report)
        if account.having("FAILED"):
            _say(f"Histories and logs of what failed: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    # Said once more at the end: the logs of a long run are often cut at their beginning.
    for failed in account.having("FAILED"):
        _say(f"FAILED {failed.name}: {'; '.join(failed.findings)}")
    for complaint in account.complaints():
        _say(complaint)
    _say(account.last_line())
    return 0 if account.passed else 1


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m chaos.run", description="Try Holdfast's promises under faults.")
    parser.add_argument("--seed", type=int, default=1, help="which wishes, choices and samples; the same replays them")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this fault (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="the subset that continuous integration runs")
    parser.add_argument("--list", action="store_true", help="name the faults and end")
    parser.add_argument("--report", type=Path, help="folder that gets report.md and report.json")
    return parser.parse_args()


def _chosen(given: Namespace) -> Sequence[Fault] | str:
    if given.list:
        return "\n".join(f"{fault.name}: {fault.injection}" for fault in CATALOGUE.values())
    unknown = [name for name in given.only if name not in CATALOGUE]
    if unknown:
        return f"--only: there is no fault {', '.join(unknown)}; --list names them"
    if given.only:
        return [CATALOGUE[name] for name in dict.fromkeys(given.only)]
    return [fault for fault in CATALOGUE.values() if fault.quick or not given.quick]


async def _run_all(faults: Sequence[Fault], folder: Path, account: Account) -> None:
    async with open_site(folder / "site") as site:
        for number, fault in enumerate(faults, 1):
            result = await _try(fault, site, folder / fault.name, account.seed)
            account.results.append(result)
            _say(_line(number, len(faults), result))
            for line in result.told:
                _say(f"    {line}")
            for finding in result.findings:
                _say(f"    {finding}")
            await site.repair()
            await clear(site.postgres.url)


async def _try(fault: Fault, site: Site, folder: Path, seed: int) -> Result:
    started = time.monotonic()
    await asyncio.to_thread(folder.mkdir)
    random = Random(f"{seed} {fault.name}")  # noqa: S311 - the same seed, the same try
    trial = Trial(site, folder, seed, random)
    failure = ""
    try:
        async with asyncio.timeout(fault.seconds_max):
            await fault.try_it(trial)
    except CannotBeInjectedError as reason:
        return skipped(fault, str(reason))
    except Exception as error:  # noqa: BLE001 - the other faults are still to be tried
        failure = f"it could not be carried out: {error!r}"
        await asyncio.to_thread((folder / "traceback").write_text, traceback.format_exc())
    return result_of(fault, trial, time.monotonic() - started, failure)


def _line(number: int, faults: int, result: Result) -> str:
    if result.conclusion == "skipped":
        return f"[{number}/{faults}] {result.name}: skipped: {result.reason}"
    back = "" if result.back_seconds is None else f", back after {result.back_seconds:.2f} s"
    return (
        f"[{number}/{faults}] {result.name}: {result.conclusion} in {result.seconds:.0f} s: {result.operations} "
        f"operations, {result.acknowledged} acknowledged{back}, longest gap {result.gap_seconds:.2f} s"
    )


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, Python {platform.python_version()}, {platform.system()}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _refuse(why: str) -> int:
    sys.stderr.write(why + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
