"""The soak test: buyers buy while processes are killed at random, for as long as you ask: `make soak SOAK_MINUTES=30`.

It runs in rounds of a minute, each with a new event. Each round is judged at its end. At the very end the whole
database is judged, together with every write that was ever acknowledged.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import uvloop

from chaos.buyers.load import Habits, Load, buying, new_load, seconds_until_write
from chaos.buyers.sale import put_on_sale
from chaos.checkers.verdict import Acknowledged, judge, judge_all
from chaos.site.processes import Site, off_loop, open_site
from chaos.soak_display import Progress, showing

_ROUND_SECONDS = 60.0
_EVENTS = 3
_SEATS = 1_000
_BUYERS = 24
_PAUSE_SECONDS = (0.5, 4.0)
_BACK_SECONDS_MAX = 30.0
"""If writes have not resumed within this time after a kill, that is a violation."""


@dataclass(slots=True)
class Soak:
    """One soak."""

    site: Site
    folder: Path
    seed: int
    progress: Progress
    random: Random
    acknowledged: Acknowledged

    async def run(self, seconds: float) -> None:
        """Run rounds until the time is over, then judge everything."""
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            await self._round(min(_ROUND_SECONDS, ends_at - time.monotonic()))
        verdict = await judge_all(self.site.postgres.url, self.acknowledged)
        self.progress.add(verdict)

    async def _round(self, seconds: float) -> None:
        number = self.progress.rounds = self.progress.rounds + 1
        sales = [await put_on_sale(self.site.front_target, seats=_SEATS) for _ in range(_EVENTS)]
        history = self.folder / f"history-{number}.jsonl"
        targets = [self.site.front_target, *self.site.node_targets]
        load = new_load(
            targets, sales, history, seed=f"{self.seed} {number}", habits=Habits(confirms=0.08, leaves=0.05)
        )
        self.progress.tally = load.tally
        try:
            async with buying(load, buyers=_BUYERS):
                await self._kill_for(seconds, load)
            await self.site.repair()
            if await load.settle():
                self.progress.complain("an outcome could not be settled by its key")
        finally:
            load.recorder.close()
        events = [sale.event for sale in sales]
        verdict = await judge(self.site.postgres.url, history, seed=self.seed + number, events=events)
        self.progress.close_round(verdict)
        self.acknowledged.add(history)
        if not verdict.findings:
            history.unlink()

    async def _kill_for(self, seconds: float, load: Load) -> None:
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            await asyncio.sleep(min(self.random.uniform(*_PAUSE_SECONDS), max(0.0, ends_at - time.monotonic())))
            name, kill = self._victim()
            killed_ns = time.monotonic_ns()
            await kill()
            self.progress.kills[name] += 1
            await self.site.repair()
            await self._await_writes(name, load, killed_ns)

    def _victim(self) -> tuple[str, Callable[[], Awaitable[object]]]:
        site = self.site
        worker = site.worker
        assert worker is not None
        return self.random.choice(
            [
                *(("API node", node.kill) for node in site.nodes),
                ("PostgreSQL", lambda: off_loop(site.postgres.kill)),
                ("PostgreSQL", lambda: off_loop(lambda: site.postgres.stop("immediate"))),
                ("Redis", lambda: off_loop(site.redis.kill)),
                ("nginx", site.kill_front),
                ("worker", worker.kill),
            ]
        )

    async def _await_writes(self, name: str, load: Load, killed_ns: int) -> None:
        deadline = time.monotonic() + _BACK_SECONDS_MAX
        back = None
        while back is None and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
            back = seconds_until_write(load.tally.writes[-500:], killed_ns)
        if back is None:
            self.progress.complain(f"no write was acknowledged within {_BACK_SECONDS_MAX:.0f} s after a kill of {name}")
        else:
            self.progress.back(name, back)


async def _run(folder: Path, seed: int, minutes: float, progress: Progress) -> None:
    async with open_site(folder / "site") as site, showing(progress):
        random = Random(f"soak {seed}")  # noqa: S311 - the same seed, the same victims
        await Soak(site, folder, seed, progress, random, Acknowledged()).run(minutes * 60)


def main() -> int:
    """Run a soak; exit status 0 only if nothing was lost, sold twice, answered 500 or otherwise wrong."""
    parser = ArgumentParser(prog="python -m chaos.soak", description="Kill everything at random, for long.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="hfs-"))
    progress = Progress(seconds_wanted=given.minutes * 60)
    try:
        uvloop.run(_run(folder, given.seed, given.minutes, progress))
    except KeyboardInterrupt:
        progress.complain("it was broken off")
    finally:
        if progress.complaints:
            sys.stdout.write(f"Histories and logs: {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        sys.stdout.write("\n".join([*progress.summary(), progress.last_line()]) + "\n")
    return 0 if progress.passed else 1


if __name__ == "__main__":
    sys.exit(main())
