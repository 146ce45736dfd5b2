"""`holdfast run`: starts everything on one machine, from nothing to a page in the browser."""

import sys

from holdfast.cli.addresses import page, require_free_port
from holdfast.cli.cells.embedded import add_further_cells, require_embedded, start_further_cells
from holdfast.cli.console import say, step, tell
from holdfast.cli.programs import prepare_database, program, sign_in_link, start_servers, wait_for_answer
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.stop_signals import StopRequestedError, StopSignals
from holdfast.infrastructure.embedded.supervisor import Supervisor
from holdfast.server_urls.parts import redacted
from holdfast.settings import Settings


def run_everything(settings: Settings, end_with: int | None = None, *, show_urls: bool = False, cells: int = 1) -> int:
    """Start what is needed, print the addresses, and run until asked to stop; return the exit code.

    Args:
        settings: The settings of the run. Servers given by URL are used; the others are embedded.
        end_with: The process id of a parent with which this run ends.
        show_urls: Whether to print passwords even into a file.
        cells: How many embedded PostgreSQLs to spread events over.

    Raises:
        EmbeddedError: if something cannot be started.
    """
    require_embedded(settings, cells)
    stop = StopSignals(end_with)
    supervisor = Supervisor(shutdown_seconds=settings.shutdown_seconds, tell=tell)
    try:
        require_free_port(settings.host, settings.port)
        private_folder(settings.holdfast_data_dir)
        effective = start_servers(settings, supervisor)
        effective = start_further_cells(effective, supervisor, cells)
        prepare_database(effective, embedded=settings.database_url is None)
        add_further_cells(effective, cells)
        with step("Starting the API and the worker"):
            supervisor.start_program(program("The API", "serve", "api.log", effective, {}))
            supervisor.start_program(program("The worker", "work", "worker.log", effective, {}))
            wait_for_answer(page(effective, "/health"), supervisor.programs)
        stop.settle()
        print_addresses(effective, settings, show_urls=show_urls)
        sound = supervisor.watch(stop)
        say("Stopping")
    except StopRequestedError:
        sound = True
    finally:
        stop.settle()
        supervisor.end()
    say("Stopped")
    return 0 if sound else 1


def print_addresses(settings: Settings, given: Settings, *more: tuple[str, str], show_urls: bool) -> None:
    """Print each address on its own line, without wrapping, so that scripts can read it too.

    On a terminal, the embedded servers' URLs are complete, for use with psql and redis-cli. Elsewhere, as in the log of
    a build, their passwords are removed, as they always are from URLs that were given.

    Args:
        settings: The settings of the run.
        given: The settings as given: a URL in them does not belong to an embedded server.
        more: Additional names and addresses.
        show_urls: Whether to print the embedded servers' URLs in full anywhere.
    """
    shown = show_urls or sys.stdout.isatty()
    say("Holdfast is running. Ctrl-C ends it.")
    pages = (("Tickets", "/events"), ("Organise", "/organise")) if settings.pages else ()
    addresses = [
        (name, page(settings, path))
        for name, path in (
            *pages,
            ("API", "/api/v1/events"),
            ("Swagger", "/swagger/index.html"),
            ("OpenAPI", "/openapi.json"),
            ("Health", "/health"),
            ("Metrics", "/metrics"),
        )
    ]
    for name, url, own in (
        ("PostgreSQL", settings.database_url, given.database_url is None),
        ("Redis", settings.redis_url, given.redis_url is None),
    ):
        if url is not None:
            text = url.get_secret_value()
            addresses.append((name, text if own and shown else redacted(text)))
    addresses += more
    if settings.cells is not None:
        addresses.append(("Cells", f"{len(settings.all_cells())}; `holdfast cells list` shows them"))
    if settings.pages and settings.auth_mode == "tokens":
        # Not into files either: for 15 minutes, whoever reads it is an admin.
        link = sign_in_link(settings) if shown else "`AUTH_MODE=tokens holdfast accounts link` makes a link"
        addresses += [("Sign in", link)] if link else []
    addresses.append(("Logs", str(settings.holdfast_data_dir.absolute())))
    if not shown and (given.database_url is None or given.redis_url is None):
        addresses.append(("Passwords", "not written into files: make run RUN_ARGS=--show-urls shows them"))
    addresses.append(("Try", f"curl -s '{page(settings, '/api/v1/events')}'"))
    for name, address in addresses:
        say(f"  {name + ':':<12}{address}")
