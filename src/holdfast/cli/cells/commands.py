"""The commands of `holdfast cells`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from holdfast.settings import Settings

_Result = TypeVar("_Result")

cells_app = typer.Typer(no_args_is_help=True, help="Spread events over several databases: see docs/cells.md.")

_Number = Annotated[
    int, typer.Argument(metavar="NUMBER", help="The cell's number in CELLS; 0 is DATABASE_URL.", min=0, max=4095)
]


@cells_app.command("list")
def list_cells() -> None:
    """Show every cell: where it is, its schema, and whether it answers; exit code 1 if something is to be done."""
    from holdfast.cli.cells.acts import list_cells  # noqa: PLC0415

    raise typer.Exit(0 if _run(list_cells) else 1)


@cells_app.command()
def add(
    number: _Number,
    *,
    name: Annotated[str, typer.Option(help="What you call it; default: cell and number.")] = "",
    drained: Annotated[
        bool, typer.Option("--drained", help="Give it no new events before `undrain`, when all nodes know it.")
    ] = False,
) -> None:
    """Add a cell: the empty database that CELLS names under this number. If it was broken off, run it again."""
    from holdfast.cli.cells.acts import add  # noqa: PLC0415

    _run(lambda settings: add(settings, number, name, drained=drained))


@cells_app.command()
def check() -> None:
    """Check the invariants of every cell, and that each id is in the cell that it names; exit code 1 if not."""
    from holdfast.cli.cells.acts import check  # noqa: PLC0415

    raise typer.Exit(0 if _run(check) else 1)


@cells_app.command()
def drain(number: _Number) -> None:
    """Put no new events into a cell. What is on sale there goes on."""
    from holdfast.cli.cells.acts import drain  # noqa: PLC0415

    typer.echo(_run(lambda settings: drain(settings, number, drained=True)))


@cells_app.command()
def undrain(number: _Number) -> None:
    """Put new events into a drained cell again."""
    from holdfast.cli.cells.acts import drain  # noqa: PLC0415

    typer.echo(_run(lambda settings: drain(settings, number, drained=False)))


def _run(command: "Callable[[Settings], _Result]") -> _Result:
    from holdfast.cli.database import with_database  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    with with_database(load_settings()) as settings:
        return command(settings)
