"""`holdfast archive`; `cli.archive.work` implements it."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import typer

_INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended."""

archive_app = typer.Typer(
    no_args_is_help=True, help="Archive finished events to files, and bring them back (ARCHIVE_TO)."
)


@archive_app.command("run")
def run(
    *,
    fast: Annotated[
        bool, typer.Option("--fast", help="Do not rest half of the time to leave the machine to the sales.")
    ] = False,
) -> None:
    """Archive every event that is due by ARCHIVE_AFTER_DAYS, as the worker does."""
    from holdfast.cli.archive import work  # noqa: PLC0415

    _run(lambda settings: work.run(settings, fast=fast))


@archive_app.command("list")
def list_archives() -> None:
    """List the events that have a file: archived ones, and those restored since."""
    from holdfast.cli.archive import work  # noqa: PLC0415

    _run(work.list_archives)


@archive_app.command("verify")
def verify() -> None:
    """Read every file whole, and compare it with what was recorded; exit code 1 if an event could not be restored."""
    from holdfast.cli.archive import work  # noqa: PLC0415

    _run(work.verify)


@archive_app.command("restore")
def restore(
    event_ids: Annotated[
        list[UUID] | None, typer.Argument(metavar="EVENT_ID", help="As shown by `archive list`.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every archived event.")] = False,
) -> None:
    """Bring events back as they were. They are archived again ARCHIVE_AFTER_DAYS from now."""
    from holdfast.cli.archive import work  # noqa: PLC0415

    _run(lambda settings: work.restore(settings, event_ids or (), every=every))


def _run(command: Callable[[Any], bool]) -> None:
    from holdfast.bootstrap.process import set_up_logging  # noqa: PLC0415
    from holdfast.cli.console import tell  # noqa: PLC0415
    from holdfast.cli.database import with_database  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    try:
        with with_database(load_settings()) as settings:
            # What fails is told in a line, and not also by the log, which would stand among the results.
            set_up_logging(settings.model_copy(update={"log_level": "ERROR"}))
            sound = command(settings)
    except KeyboardInterrupt:
        tell("interrupted: what is listed above is done, and any other event is as it was")
        raise typer.Exit(_INTERRUPTED) from None
    raise typer.Exit(0 if sound else 1)
