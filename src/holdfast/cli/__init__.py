"""The `holdfast` command. Each command imports what it needs itself, so that `--help` is fast."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast import __version__
from holdfast.cli.archive.command import archive_app
from holdfast.cli.cells.commands import cells_app
from holdfast.cli.identity_commands import register as register_identity_commands
from holdfast.cli.sizing.command import register as register_sizing
from holdfast.cli.ticket_commands import tickets_app

if TYPE_CHECKING:
    from holdfast.settings import Settings

app = typer.Typer(
    name="holdfast",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
migrate_app = typer.Typer(
    no_args_is_help=True, help="Bring the schema of every cell up, finish an upgrade, take it down, show it."
)
app.add_typer(migrate_app, name="migrate")
register_identity_commands(app)
app.add_typer(tickets_app, name="tickets")
app.add_typer(archive_app, name="archive")
app.add_typer(cells_app, name="cells")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it with the option's value
    if wanted:
        typer.echo(f"holdfast {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Sell seats: each to exactly one buyer, and no acknowledged reservation is ever lost."""


def main() -> None:
    """Run the command. An error that a person can act on becomes one line on standard error and exit code 1."""
    from holdfast.infrastructure.embedded.errors import EmbeddedError  # noqa: PLC0415
    from holdfast.settings import SettingsError  # noqa: PLC0415

    _leave_unreadable_home()
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # from here on, a Ctrl-C ends what was started
    try:
        app()
    except (SettingsError, EmbeddedError) as error:
        typer.echo(f"holdfast: {error}", err=True)
        sys.exit(1)


def _leave_unreadable_home() -> None:
    """Unset HOME if it may not be read, as after `sudo` or in a service without a home.

    The PostgreSQL driver looks for certificates there, and would fail if it is not allowed to.
    """
    try:
        (Path.home() / ".postgresql" / "postgresql.key").exists()
    except PermissionError:
        os.environ["HOME"] = "/nonexistent"
    except RuntimeError:  # there is no home at all
        pass


@app.command()
def run(
    *,
    end_with: Annotated[int | None, typer.Option(hidden=True, help="End when this parent process ends.")] = None,
    show_urls: Annotated[
        bool, typer.Option("--show-urls", help="Print the servers' passwords even if the output is not a terminal.")
    ] = False,
    cells: Annotated[
        int, typer.Option(min=1, max=4, help="Spread events over this many embedded PostgreSQLs, to try cells out.")
    ] = 1,
) -> None:
    """Start everything: PostgreSQL and Redis unless they are given by URL, the schema, API and worker."""
    from holdfast.cli.auth_mode import require_auth_mode  # noqa: PLC0415
    from holdfast.cli.run import run_everything  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    settings = require_auth_mode(load_settings())
    raise typer.Exit(run_everything(settings, end_with, show_urls=show_urls, cells=cells))


@app.command()
def scale(
    *,
    end_with: Annotated[int | None, typer.Option(hidden=True, help="End when this parent process ends.")] = None,
    show_urls: Annotated[
        bool, typer.Option("--show-urls", help="Print the servers' passwords even if the output is not a terminal.")
    ] = False,
) -> None:
    """Start everything with NODES API nodes behind nginx on PORT; SIGHUP or SIGUSR1 restarts the nodes one by one."""
    from holdfast.cli.auth_mode import require_auth_mode  # noqa: PLC0415
    from holdfast.cli.scale import scale_out  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    raise typer.Exit(scale_out(require_auth_mode(load_settings()), end_with, show_urls=show_urls))


@app.command()
def rolling_restart() -> None:
    """Restart the nodes of the running `holdfast scale` one after another, without a failed request."""
    from holdfast.cli.rolling_restart import request_rolling_restart  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    request_rolling_restart(load_settings().holdfast_data_dir)


@app.command()
def serve() -> None:
    """Run the API on HOST and PORT in WORKERS processes, with the database of DATABASE_URL."""
    from holdfast.cli.auth_mode import require_auth_mode  # noqa: PLC0415
    from holdfast.cli.database import refuse_wrong_databases, require_database  # noqa: PLC0415
    from holdfast.cli.workers import serve_with_workers  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    raise typer.Exit(serve_with_workers(refuse_wrong_databases(require_database(require_auth_mode(load_settings())))))


@app.command()
def work() -> None:
    """Run one worker process: it expires holds, checks the invariants and archives finished events."""
    from holdfast.bootstrap.worker import work  # noqa: PLC0415
    from holdfast.cli.database import refuse_wrong_databases, require_database  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    work(refuse_wrong_databases(require_database(load_settings())))


@app.command()
def bench(
    *,
    experiments: Annotated[
        list[str] | None,
        typer.Argument(help="mixed, contention, stadium, limits, listeners; default: all.", metavar="EXPERIMENT"),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Server to measure; default: a stack of its own.")] = None,
    against: Annotated[str | None, typer.Option(help="Another server: the same load in turn, and ratios.")] = None,
    process: Annotated[list[str] | None, typer.Option(help="ROLE=PID of --url, to read its CPU time.")] = None,
    seconds: Annotated[float | None, typer.Option(min=1, help="Length of the mixed load; default: 120.")] = None,
    users: Annotated[int | None, typer.Option(min=1, help="Virtual users of the mixed load; default: 200.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Default: 1, and 2 with --against.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("docs/benchmarks"),
    quick: Annotated[bool, typer.Option("--quick", help="Very small: only checks that everything works.")] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Half a minute of ratios; exit code 1 for a regression.")
    ] = False,
) -> None:
    """Measure a server over HTTP: the classical experiments, and a report with tables and plots."""
    from holdfast.bench.needs import what_is_missing  # noqa: PLC0415

    missing = what_is_missing()
    if missing is not None:
        typer.echo(f"holdfast: {missing}", err=True)
        raise typer.Exit(1)
    from holdfast.bench.run import Options, run_benchmark  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    options = Options(
        experiments=experiments or (),
        url=url,
        against=against,
        processes=process or (),
        seconds=seconds,
        users=users,
        rounds=rounds,
        out=out,
        data_dir=load_settings().holdfast_data_dir,
        quick=quick,
        smoke=smoke,
    )
    raise typer.Exit(run_benchmark(options))


@app.command()
def check() -> None:
    """Check the stored data of every cell against the invariants; exit code 1 if one is violated."""
    from holdfast.cli.database import with_database  # noqa: PLC0415
    from holdfast.cli.invariants import report_invariants  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    with with_database(load_settings()) as settings:
        sound = report_invariants(settings)
    raise typer.Exit(0 if sound else 1)


@app.command()
def caller(user_id: Annotated[str, typer.Argument(help="The X-User-ID.", metavar="USER_ID")]) -> None:
    """Show the pseudonym under which a caller appears in the log, to search for their requests."""
    from holdfast.cli.callers import name_in_log  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    typer.echo(name_in_log(load_settings(), user_id))


@app.command(hidden=True)
def prepare(
    *,
    embedded: Annotated[
        bool,
        typer.Option(
            "--embedded", help="Only this run uses the database: finish an upgrade too, and make the sample event."
        ),
    ] = False,
) -> None:
    """Bring the database of a run up to date."""
    from holdfast.cli.database import require_database  # noqa: PLC0415
    from holdfast.cli.migrations import up  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    settings = require_database(load_settings())
    up(settings, alone=embedded)
    if embedded:
        from holdfast.bootstrap.one_off import seed_sample_event  # noqa: PLC0415

        asyncio.run(seed_sample_event(settings))


_OnlyCell = Annotated[int | None, typer.Option("--cell", help="Only this cell; default: all, cell 0 last.")]


@migrate_app.command("up")
def migrate_up(*, cell: _OnlyCell = None) -> None:
    """Bring the schema to the newest version, while nodes serve."""
    from holdfast.cli.migrations import up  # noqa: PLC0415

    _migrate(lambda settings: up(settings, only=cell))


@migrate_app.command("down")
def migrate_down(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, also where data is dropped.")] = False,
    cell: _OnlyCell = None,
) -> None:
    """Take the newest migration back."""
    from holdfast.cli.migrations import down  # noqa: PLC0415

    def may_drop(lost: Sequence[str]) -> bool:
        return yes or (sys.stdin.isatty() and typer.confirm(f"This drops {', '.join(lost)}. Go on?"))

    _migrate(lambda settings: down(settings, may_drop, only=cell))


@migrate_app.command("finish")
def migrate_finish(
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Do not look for older nodes: those that are left will fail.")
    ] = False,
) -> None:
    """Let the nodes use the features of this version, once no older node is left."""
    from holdfast.cli.migrations import finish  # noqa: PLC0415

    _migrate(lambda settings: finish(settings, force=force))


@migrate_app.command("status")
def migrate_status(*, cell: _OnlyCell = None) -> None:
    """Show the schema's version, the newest version, and what remains to be done."""
    from holdfast.cli.migrations import show  # noqa: PLC0415

    _migrate(lambda settings: show(settings, only=cell))


def _migrate(action: "Callable[[Settings], str]") -> None:
    from holdfast.cli.database import with_database  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    with with_database(load_settings(), new=True) as settings:
        typer.echo(action(settings))


register_sizing(app)  # the last, as it is in `holdfast --help`
