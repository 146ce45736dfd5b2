"""Shows the progress of a migration: live on a terminal; elsewhere, only what waits or takes long."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from holdfast.cli.console import tell
from holdfast.infrastructure.postgres.migrations.reporter import Reporter

_LONG_SECONDS = 1.0
"""A faster step is not reported. Most steps are fast, and `make run` runs them at its start."""
_AGAIN_SECONDS = 10.0
"""How often a wait that goes on is reported."""


class Lines:
    """Progress for a log: what takes long, and what waits."""

    def __init__(self) -> None:
        self._what = ""
        self._told_at = 0.0
        self._began_at = 0.0

    def began(self, what: str) -> None:
        """Remember the current step."""
        self._what, self._told_at, self._began_at = what, 0.0, time.monotonic()

    def waits(self, reason: str) -> None:
        """Report the wait, at intervals."""
        self._tell(reason)

    def progressed(self, phase: str, share: float | None) -> None:
        """Report the progress of a long step, at intervals."""
        if time.monotonic() - self._began_at >= _AGAIN_SECONDS:
            self._tell(phase + percentage(share))

    def done(self, what: str, seconds: float) -> None:
        """Report the end of a step that took long or had to wait."""
        if seconds >= _LONG_SECONDS or self._told_at:
            tell(f"{what}: done, {seconds:.1f} s")

    def _tell(self, state: str) -> None:
        if not self._told_at or time.monotonic() - self._told_at >= _AGAIN_SECONDS:
            self._told_at = time.monotonic()
            tell(f"{self._what}: {state}" if self._what else state)


class Watched:
    """Progress on a terminal: one line that changes, and a lasting line for each step that took long."""

    def __init__(self, console: Console, line: Status) -> None:
        self._console = console
        self._line = line
        self._what = "Migrating"

    def began(self, what: str) -> None:
        """Show the current step."""
        self._what = what
        self._show("")

    def waits(self, reason: str) -> None:
        """Show the reason for the wait."""
        self._show(f": {reason}")

    def progressed(self, phase: str, share: float | None) -> None:
        """Show the progress."""
        self._show(f": {phase}{percentage(share)}")

    def done(self, what: str, seconds: float) -> None:
        """Leave a line for a step that took long."""
        if seconds >= _LONG_SECONDS:
            self._console.print(f"[green]✓[/] {escape(what)} [dim]{seconds:.1f} s[/]", highlight=False)

    def _show(self, state: str) -> None:
        self._line.update(escape(self._what + state))


class OfCell:
    """The progress of one cell of several: its number comes first."""

    def __init__(self, reporter: Reporter, prefix: str) -> None:
        self._reporter = reporter
        self._prefix = prefix

    def began(self, what: str) -> None:
        """Pass it on."""
        self._reporter.began(self._prefix + what)

    def waits(self, reason: str) -> None:
        """Pass it on."""
        self._reporter.waits(reason)

    def progressed(self, phase: str, share: float | None) -> None:
        """Pass it on."""
        self._reporter.progressed(phase, share)

    def done(self, what: str, seconds: float) -> None:
        """Pass it on."""
        self._reporter.done(self._prefix + what, seconds)


def percentage(share: float | None) -> str:
    """Return a share as a percentage, to append to what it is a share of."""
    return "" if share is None else f", {share:.0%}"


@contextmanager
def shown_progress() -> Iterator[Reporter]:
    """Provide a reporter for a migration. It writes to standard error, because the result goes to standard output."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    console = Console(stderr=True)
    with console.status("Migrating") as line:
        yield Watched(console, line)
