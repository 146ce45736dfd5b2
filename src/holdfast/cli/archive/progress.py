"""Shows the progress of archiving, verifying and restoring: a bar on a terminal, elsewhere nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from holdfast.application.upkeep.archive.pace import Pace, Step


class ShownPace(Pace):
    """A pace whose steps move a bar of rows."""

    def __init__(self, progress: Progress | None, *, share: float) -> None:
        super().__init__(share=share)
        self._progress = progress
        self._task = None if progress is None else progress.add_task("", total=None)
        self._rows = 0
        self._events = 0

    def event(self, name: str, rows: int | None = None) -> None:
        """Begin with an event. `rows` is how many rows will be counted, if that is known."""
        self._rows = 0
        if self._progress is not None and self._task is not None:
            self._progress.reset(self._task, description=name, total=rows)

    async def passed(self, step: Step, rows: int = 0) -> None:
        """Move the bar, and rest."""
        if step == "begun":
            self._events += 1
            self.event(f"event {self._events}", 2 * rows)  # each is read, and then removed
        else:
            self._rows += rows
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=self._rows)
        await super().passed(step, rows)


@contextmanager
def shown_pace(what: str, *, share: float = 1.0) -> Iterator[ShownPace]:
    """Have a pace whose bar is on standard error, because results go to standard output."""
    if not sys.stderr.isatty():
        yield ShownPace(None, share=share)
        return
    columns = (
        TextColumn(f"{what} {{task.description}}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield ShownPace(progress, share=share)
