"""`holdfast run`: everything on one machine, from nothing to a page in the browser."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from pydantic import SecretStr
from rich.console import Console

from holdfast.cli.database import migrate
from holdfast.infrastructure.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedRedis
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.process import Child
from holdfast.infrastructure.embedded.supervisor import SERVERS_SECONDS, StopRequestedError, StopSignals, Supervisor
from holdfast.settings import Settings, redacted_url

_READY_SECONDS = 30.0
_PORT_WAIT_SECONDS = 1.0


def run_everything(settings: Settings, end_with: int | None = None) -> int:
    """Start what is needed, print where it is, and stay until asked to stop; answers the exit code.

    Args:
        settings: What to run. Servers given by URL are used, the others are embedded.
        end_with: Process id of a parent whose end is also this run's.

    Raises:
        EmbeddedError: Something cannot be started.
    """
    stop = StopSignals(end_with)
    supervisor = Supervisor(shutdown_seconds=settings.shutdown_seconds, tell=_tell)
    try:
        _require_free_port(settings.host, settings.port)
        private_folder(settings.holdfast_data_dir)
        effective = _start_servers(settings, supervisor)
        with _step("Migrating the database"):
            migrate("upgrade", effective)
        if settings.database_url is None:
            with _step("Looking for events"):
                _seed_sample_event(effective)
        with _step("Starting the API and the worker"):
            for program in _programs(effective):
                supervisor.start_program(program)
            _wait_for_health(effective, supervisor.programs)
        stop.settle()
        _print_addresses(effective, settings)
        sound = supervisor.watch(stop)
        _say("Stopping")
    except StopRequestedError:
        sound = True
    finally:
        stop.settle()
        supervisor.end()
    _say("Stopped")
    return 0 if sound else 1


def _start_servers(settings: Settings, supervisor: Supervisor) -> Settings:
    """Start the servers that no URL names; answers the settings with every URL."""
    urls = {}
    if settings.database_url is None:
        with _step("Starting PostgreSQL"):
            postgres = EmbeddedPostgres(settings.holdfast_data_dir)
            supervisor.start_server(postgres)
        urls["database_url"] = SecretStr(postgres.url)
    if settings.redis_url is None and EmbeddedRedis.available():
        with _step("Starting Redis"):
            redis = EmbeddedRedis(settings.holdfast_data_dir)
            supervisor.start_server(redis)
        urls["redis_url"] = SecretStr(redis.url)
    elif settings.redis_url is None:
        _say("No redis-server or valkey-server on PATH: running without Redis, which only sheds load")
    return settings.model_copy(update=urls)


def _seed_sample_event(settings: Settings) -> None:
    """Let the application make its sample event in an empty embedded database."""
    from holdfast.bootstrap import seed_sample_event  # noqa: PLC0415 - heavy, and only needed here

    asyncio.run(seed_sample_event(settings))


def _programs(settings: Settings) -> list[Child]:
    """The API and the worker, as children that end at once when this process dies."""
    environment = {
        **os.environ,
        "HOST": settings.host,
        "PORT": str(settings.port),
        "HOLDFAST_DATA_DIR": str(settings.holdfast_data_dir.absolute()),
        "SHUTDOWN_SECONDS": str(max(1.0, settings.shutdown_seconds - SERVERS_SECONDS)),
        "PYTHONUNBUFFERED": "1",
    }
    for name in ("database_url", "redis_url"):
        url: SecretStr | None = getattr(settings, name)
        if url is not None:
            environment[name.upper()] = url.get_secret_value()
    return [
        Child(
            name,
            [sys.executable, "-m", "holdfast", command],
            log_path=settings.holdfast_data_dir.absolute() / log,
            death_signal=signal.SIGKILL,
            environment=environment,
            work_dir=Path.cwd(),
        )
        for name, command, log in (("The API", "serve", "api.log"), ("The worker", "work", "worker.log"))
    ]


def _require_free_port(host: str, port: int) -> None:
    """Make sure that the API can listen, before anything is started.

    Raises:
        EmbeddedError: It cannot, and why.
    """
    deadline = time.monotonic() + _PORT_WAIT_SECONDS
    while True:
        try:
            with socket.create_server((host, port), family=_family(host)):
                return
        except OSError as error:
            if (error.errno or 0) < 0 or error.errno == errno.EADDRNOTAVAIL:  # below 0: the name is not known
                raise EmbeddedError(f"HOST: {host} is not an address of this machine") from None
            if time.monotonic() > deadline:
                raise EmbeddedError(_port_complaint(host, port, error)) from None
        time.sleep(0.1)  # an earlier run may be about to end


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _port_complaint(host: str, port: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"PORT: {port} needs more rights than this user has: choose one from 1024 on, such as PORT=8080"
    if error.errno == errno.EADDRINUSE:
        return f"PORT: {port} of {host} is in use: end what uses it, or choose another, as in PORT={port + 1}"
    return f"HOST and PORT: cannot listen on {host} port {port}: {error.strerror or error}"


def _wait_for_health(settings: Settings, programs: Sequence[Child]) -> None:
    """Wait until the API answers.

    Raises:
        EmbeddedError: A program ended, or the API did not answer in time; with its last lines.
    """
    deadline = time.monotonic() + _READY_SECONDS
    while not _healthy(_page(settings, "/health")):
        ended = [program for program in programs if not program.alive]
        if ended or time.monotonic() > deadline:
            culprit = ended[0] if ended else programs[0]
            for line in culprit.log_tail():
                _tell(f"  {line}")
            what = "ended while it started" if ended else f"did not answer within {_READY_SECONDS:.0f} s"
            raise EmbeddedError(f"{culprit.name} {what} (log: {culprit.log_path})")
        time.sleep(0.05)


def _healthy(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _page(settings: Settings, path: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared only
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}{path}"


def _print_addresses(settings: Settings, given: Settings) -> None:
    """Print each address on a line of its own; nothing is wrapped, so that scripts can read it too.

    The embedded servers' URLs are whole, to be used with psql and redis-cli; given ones lose their password.
    """
    _say("Holdfast is running. Ctrl-C ends it.")
    for name, path in (
        ("API", "/api/v1/events"),
        ("Swagger", "/swagger/index.html"),
        ("OpenAPI", "/openapi.json"),
        ("Health", "/health"),
        ("Metrics", "/metrics"),
    ):
        _say(f"  {name + ':':<12}{_page(settings, path)}")
    for name, url, own in (
        ("PostgreSQL", settings.database_url, given.database_url is None),
        ("Redis", settings.redis_url, given.redis_url is None),
    ):
        if url is not None:
            text = url.get_secret_value()
            _say(f"  {name + ':':<12}{text if own else redacted_url(text)}")
    _say(f"  {'Logs:':<12}{settings.holdfast_data_dir.absolute()}")
    _say(f"  {'Try:':<12}curl -s '{_page(settings, '/api/v1/events')}'")


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    """Show a spinner with what is being done; a plain line when nobody watches."""
    console = Console(stderr=False)
    if not console.is_terminal:
        _say(what)
        yield
        return
    begin = time.monotonic()
    with console.status(what):
        yield
    console.print(f"[green]✓[/] {what} [dim]{time.monotonic() - begin:.1f} s[/]", highlight=False)


def _say(line: str) -> None:
    """Print a line for whoever reads the standard output, if anybody still does."""
    try:
        typer.echo(line)
    except OSError:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _tell(line: str) -> None:
    """Print a line of trouble."""
    with contextlib.suppress(OSError):
        typer.echo(f"holdfast: {line}", err=True)
