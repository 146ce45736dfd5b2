"""The output of a running soak: a live table on a terminal, otherwise a plain line now and then."""

import asyncio
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.table import Table

from chaos.buyers.client import Tally
from chaos.checkers.verdict import Verdict

_LINE_SECONDS = 10.0


@dataclass(slots=True)
class Progress:
    """The numbers of a soak."""

    seconds_wanted: float
    started: float = field(default_factory=time.monotonic)
    rounds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    """Of the current round."""
    complaints: list[str] = field(default_factory=list)
    lost: int = 0
    sold_twice: int = 0
    checked_operations: int = 0
    _operations: int = 0
    _acknowledged: int = 0
    _internal_errors: int = 0
    _backs: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def operations(self) -> int:
        """All operations so far."""
        return self._operations + self.tally.operations

    @property
    def acknowledged(self) -> int:
        """All acknowledged writes so far."""
        return self._acknowledged + self.tally.acknowledged

    @property
    def internal_errors(self) -> int:
        """All answers 500 so far."""
        return self._internal_errors + len(self.tally.internal_errors)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.complaints or self.lost or self.sold_twice or self.internal_errors) and self.operations > 0

    def complain(self, what: str) -> None:
        """Add a violation."""
        self.complaints.append(what)

    def back(self, name: str, seconds: float) -> None:
        """Add the time from a kill to the next acknowledged write."""
        self._backs[name].append(seconds)

    def add(self, verdict: Verdict) -> None:
        """Add a verdict."""
        self.lost += verdict.lost
        self.sold_twice += verdict.sold_twice
        self.checked_operations += verdict.operations
        self.complaints += verdict.findings

    def close_round(self, verdict: Verdict) -> None:
        """Add a round's verdict and its tally."""
        self.add(verdict)
        self.complaints += [f"internal error: {line}" for line in self.tally.internal_errors]
        self._operations, self._acknowledged = self.operations, self.acknowledged
        self._internal_errors, self.tally = self.internal_errors, Tally()

    def line(self) -> str:
        """Return the state as one line."""
        elapsed = time.monotonic() - self.started
        return (
            f"{elapsed:.0f} s of {self.seconds_wanted:.0f}: {self.operations} operations, {self.acknowledged} "
            f"acknowledged, {self.kills.total()} kills, {len(self.complaints)} violations"
        )

    def table(self) -> Table:
        """Return the state as a table."""
        table = Table(title=self.line(), title_justify="left")
        for name in ("killed", "times", "writes back: median", "longest"):
            table.add_column(name, justify="left" if name == "killed" else "right")
        for name in sorted(self.kills):
            table.add_row(name, str(self.kills[name]), *self._times(name))
        return table

    def summary(self) -> list[str]:
        """Print the final summary: what was killed, how soon writes resumed, and what was wrong."""
        lines = [
            "{}: killed {} times, writes back after {} (median), {} (longest)".format(
                name, self.kills[name], *self._times(name)
            )
            for name in sorted(self.kills)
        ]
        return [*lines, *(f"violation: {complaint}" for complaint in self.complaints[:50])]

    def last_line(self) -> str:
        """Return the summary line."""
        return (
            f"chaos: {self.kills.total()} kills, {self.operations} operations, {self.acknowledged} acknowledged, "
            f"{self.lost} lost, {self.sold_twice} sold twice, {self.internal_errors} internal errors"
        )

    def _times(self, name: str) -> tuple[str, str]:
        backs = sorted(self._backs[name])
        if not backs:
            return "-", "-"
        return f"{backs[len(backs) // 2]:.2f} s", f"{backs[-1]:.2f} s"


@asynccontextmanager
async def showing(progress: Progress) -> AsyncIterator[None]:
    """Show the progress inside the block."""
    task = asyncio.create_task(_show_live(progress) if sys.stdout.isatty() else _print_lines(progress))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _show_live(progress: Progress) -> None:
    with Live(progress.table(), console=Console(), auto_refresh=False) as live:
        while True:
            live.update(progress.table(), refresh=True)
            await asyncio.sleep(0.5)


async def _print_lines(progress: Progress) -> None:
    while True:
        await asyncio.sleep(_LINE_SECONDS)
        sys.stdout.write(progress.line() + "\n")
        sys.stdout.flush()
