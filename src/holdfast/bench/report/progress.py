"""Progress for the person who waits: bars in a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[float], None]
"""Called with how much of the total is done."""


class Reporter:
    """Reports the phases of a benchmark on standard error."""

    def __init__(self) -> None:
        """Check whether standard error is a terminal."""
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, line: str) -> None:
        """Print a line."""
        self._console.print(line, markup=False)

    @contextmanager
    def phase(self, what: str, total: float) -> Iterator[Advance]:
        """Show a phase with this total; phases do not overlap."""
        if not self._console.is_terminal:
            self.say(what)
            yield _nothing
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as bars:
            task = bars.add_task(what, total=total)

            def advance(done: float) -> None:
                bars.update(task, completed=min(done, total))

            yield advance
            bars.update(task, completed=total)


def _nothing(_done: float) -> None:
    """Do nothing: standard error is not a terminal."""
