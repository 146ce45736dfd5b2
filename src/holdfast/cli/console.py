"""What a run tells the person who started it."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import typer


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Show a spinner with what is being done; a plain line when nobody watches."""
    if not sys.stdout.isatty():
        say(what)
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - stays in memory, and most runs are watched by nobody

    console = Console(stderr=False)
    begin = time.monotonic()
    with console.status(what):
        yield
    console.print(f"[green]✓[/] {what} [dim]{time.monotonic() - begin:.1f} s[/]", highlight=False)


def say(line: str) -> None:
    """Print a line for whoever reads the standard output, if anybody still does."""
    try:
        typer.echo(line)
    except OSError:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def tell(line: str) -> None:
    """Print a line of trouble."""
    with contextlib.suppress(OSError):
        typer.echo(f"holdfast: {line}", err=True)
