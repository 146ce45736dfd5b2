"""Shows the progress of archiving, verifying and restoring: a bar on a terminal, elsewhere nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from holdfast.application.upkeep.archive.pace import Pace, Step


class ShownPace(Pace):
    """A pace whose steps move a bar of the rows of an event."""

    def __init__(self, progress: Progress | None, *, share: float, passes: int = 2) -> None:
        super().__init__(share=share)
        self._progress = progress
        self._task = None if progress is None else progress.add_task("", total=None)
        self._passes = passes
        self._rows = 0
        self._events = 0
        self._events_expected = 0

    def expect(self, events: int) -> None:
        """Say how many more events there will be."""
        self._events_expected += events

    async def passed(self, step: Step, rows: int = 0) -> None:
        """Move the bar, and rest."""
        if step == "begun":
            self._events += 1
            self._rows = 0
            self._begin(self._passes * rows)
        else:
            self._rows += rows
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=self._rows)
        await super().passed(step, rows)

    def _begin(self, rows: int) -> None:
        expected = f" of {self._events_expected}" if self._events_expected else ""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=f"event {self._events}{expected}", total=rows)


@contextmanager
def shown_pace(what: str, *, share: float = 1.0, passes: int = 2) -> Iterator[ShownPace]:
    """Have a pace whose bar is on standard error, because results go to standard output.

    Args:
        what: What is done, such as "Archiving".
        share: The share of the time in which it is done.
        passes: How often it passes each row of an event: to archive it, for example, it is read and then removed.
    """
    if not sys.stderr.isatty():
        yield ShownPace(None, share=share, passes=passes)
        return
    columns = (
        TextColumn(f"{what} {{task.description}}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield ShownPace(progress, share=share, passes=passes)
