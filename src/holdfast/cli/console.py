"""Output for the person who started a run."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import typer


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Show a spinner while something is being done, or a plain line if the output is not a terminal."""
    if not sys.stdout.isatty():
        say(what)
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - it stays in memory, and most runs have no terminal

    console = Console(stderr=False)
    begin = time.monotonic()
    with console.status(what):
        yield
    console.print(f"[green]✓[/] {what} [dim]{time.monotonic() - begin:.1f} s[/]", highlight=False)


def say(line: str) -> None:
    """Print a line to standard output, if anyone still reads it."""
    try:
        typer.echo(line)
    except OSError:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


_SENTENCE_COLUMNS = 24
"""The least width of a column with sentences."""


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in a terminal; else one unwrapped line each, with the columns separated by tabs."""
    if not sys.stdout.isatty():
        for row in rows:
            say("\t".join(row))
        return
    from rich.console import Console  # noqa: PLC0415 - see `step`
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table()
    for place, column in enumerate(columns):
        # Ids and names of files are for copying, so only what has spaces is broken, however narrow the terminal is.
        cells = [column, *(row[place] for row in rows)]
        widest = max(map(len, cells))
        table.add_column(column, min_width=min(widest, _SENTENCE_COLUMNS) if any(" " in c for c in cells) else widest)
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table, crop=False)


def shown_time(time: datetime | None) -> str:
    """Return a time for a table; an empty text for None."""
    return "" if time is None else time.isoformat(timespec="seconds")


def tell(line: str) -> None:
    """Print a line about a problem."""
    with contextlib.suppress(OSError):
        typer.echo(f"holdfast: {line}", err=True)
