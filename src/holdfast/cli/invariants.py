"""`holdfast check`: prints the invariants as a table."""

import sys
from contextlib import AbstractContextManager, nullcontext

import typer
from asyncpg import UndefinedTableError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from holdfast.bootstrap.one_off import check_invariants
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings


def report_invariants(settings: Settings) -> bool:
    """Check all invariants of all cells and print one row for each; return whether all hold.

    On a terminal they form a table; elsewhere each is one unwrapped line, with columns separated by tabs. If there are
    several cells, each has its own, under its number.

    Raises:
        EmbeddedError: if a database cannot be asked; the message is one line.
    """
    cells = settings.all_cells()
    sound = True
    for cell in cells:
        if len(cells) > 1:
            typer.echo(f"cell {cell.number}")
        sound = _report(cell) and sound
    return sound


def _report(cell: Cell) -> bool:
    try:
        with _waiting():
            results = check_invariants(cell)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        of = f" of cell {cell.number}" if cell.number else ""
        next_step = "; `holdfast migrate up` makes the tables" if isinstance(error, UndefinedTableError) else ""
        raise EmbeddedError(f"the invariants{of} cannot be checked: {reason[:400]}{next_step}") from error
    rows = [(result.name, result.promise, verdict_of(len(result.violations))) for result in results]
    if sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            typer.echo("\t".join(row))
    for result in results:
        for violation in result.violations:
            typer.echo(f"{result.name}: {violation}", err=True)
    return all(result.holds for result in results)


def _waiting() -> AbstractContextManager[object]:
    """Show on a terminal that something goes on: millions of reservations take minutes."""
    return Console(stderr=True).status("Checking the invariants") if sys.stderr.isatty() else nullcontext()


def verdict_of(violations: int) -> str:
    """Return the words for a number of violations."""
    return "ok" if violations == 0 else f"{violations} violation{'s' if violations > 1 else ''}"


def _print_table(rows: list[tuple[str, str, str]]) -> None:
    table = Table("invariant", "promise", "verdict")
    for name, promise, verdict in rows:
        colour = "green" if verdict == "ok" else "red"
        table.add_row(escape(name), escape(promise), f"[{colour}]{verdict}[/]")
    Console().print(table)
