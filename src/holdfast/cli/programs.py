"""Starts what a run needs: the servers that no URL names, and Holdfast's own programs."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr

from holdfast.cli.callers import kept_key
from holdfast.cli.console import say, step, tell
from holdfast.cli.database import forget_postgres_variables
from holdfast.infrastructure.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedRedis
from holdfast.infrastructure.embedded.process import Child
from holdfast.infrastructure.embedded.supervisor import SERVERS_SECONDS, Supervisor
from holdfast.infrastructure.postgres.driver.pool_sizes import ACTS_CONNECTIONS, LARGE_CONNECTIONS, RIGHTS_CONNECTIONS
from holdfast.settings import Settings

_READY_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_END_SECONDS = 2.0
_CONNECTIONS_MIN = 100
_CONNECTIONS_SPARE = 20
_CONNECTIONS_BESIDE_POOLS = 4
"""For each process: one that reads the totals, one for readiness, one that waits for a locked event, and one spare."""


def start_servers(settings: Settings, supervisor: Supervisor, *, nodes: int = 1) -> Settings:
    """Start the servers that no URL names; return the settings with all URLs.

    Args:
        settings: The settings of the run.
        supervisor: Receives the servers.
        nodes: How many API nodes will use them.

    Raises:
        EmbeddedError: if a server cannot be started.
    """
    urls = {}
    if settings.database_url is None:
        forget_postgres_variables()
        with step("Starting PostgreSQL"):
            postgres = EmbeddedPostgres(
                settings.holdfast_data_dir, settings={"max_connections": connections_of(settings, nodes)}
            )
            supervisor.start_server(postgres)
        urls["database_url"] = SecretStr(postgres.url)
    if settings.redis_url is None and EmbeddedRedis.available():
        with step("Starting Redis"):
            redis = EmbeddedRedis(settings.holdfast_data_dir)
            supervisor.start_server(redis, optional=True)
        urls["redis_url"] = SecretStr(redis.url)
    elif settings.redis_url is None:
        say("No redis-server or valkey-server on PATH: running without Redis, which only sheds load")
    if settings.log_caller_key is None:
        urls["log_caller_key"] = SecretStr(kept_key(settings.holdfast_data_dir))
    return settings.model_copy(update=urls)


def prepare_database(settings: Settings, *, embedded: bool) -> None:
    """Migrate the schema to the newest version, and add the sample event if an embedded database has no events.

    A separate process does this and ends. What it imports would otherwise stay in memory for the whole run.

    Raises:
        EmbeddedError: if the database cannot be migrated.
    """
    with step("Migrating the database"):
        run_once("The migration", "prepare --embedded" if embedded else "prepare", "prepare.log", settings)


def run_once(name: str, command: str, log_name: str, settings: Settings) -> None:
    """Run one of Holdfast's commands to its end, in a process of its own.

    Raises:
        EmbeddedError: if it fails; the message is the last line that it wrote.
    """
    running = program(name, command, log_name, settings, {})
    running.start()
    try:
        while not running.wait(_LOOK_SECONDS):
            pass
    finally:
        running.end((signal.SIGTERM, _END_SECONDS))
    if running.exit_code != 0:
        *_, last = running.log_tail() or [f"it ended with exit code {running.exit_code}"]
        raise EmbeddedError(last.removeprefix("holdfast: "))


def program(name: str, command: str, log_name: str, settings: Settings, more: Mapping[str, str]) -> Child:
    """Return one of Holdfast's programs as a child, which ends at once when this process dies.

    Args:
        name: Its name in messages.
        command: `serve`, `work` or `prepare`, with its options.
        log_name: The name of its log in the data folder.
        settings: The settings it works with.
        more: Additional environment variables.
    """
    return Child(
        name,
        [sys.executable, "-m", "holdfast", *command.split()],
        log_path=settings.holdfast_data_dir.absolute() / log_name,
        death_signal=signal.SIGKILL,
        environment=_environment(settings, more),
        work_dir=Path.cwd(),
    )


def sign_in_link(settings: Settings) -> str | None:
    """Return a link that signs its reader in to the pages once; None if there is none, and the reason was printed."""
    made = subprocess.run(
        [sys.executable, "-m", "holdfast", "accounts", "link"],
        env=_environment(settings, {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=_READY_SECONDS,
    )
    if made.returncode != 0:
        say(f"  There is no sign-in link: {made.stderr.strip().removeprefix('holdfast: ')}")
        return None
    return made.stdout.strip()


def _environment(settings: Settings, more: Mapping[str, str]) -> dict[str, str]:
    environment = {
        **os.environ,
        "HOST": settings.host,
        "PORT": str(settings.port),
        "HOLDFAST_DATA_DIR": str(settings.holdfast_data_dir.absolute()),
        "SHUTDOWN_SECONDS": str(max(1.0, settings.shutdown_seconds - SERVERS_SECONDS)),
        "PYTHONUNBUFFERED": "1",
        **more,
    }
    for variable, secret in (
        ("DATABASE_URL", settings.database_url),
        ("REDIS_URL", settings.redis_url),
        ("LOG_CALLER_KEY", settings.log_caller_key),
        ("CELLS", settings.cells),
    ):
        if secret is not None:
            environment[variable] = secret.get_secret_value()
    return environment


def wait_for_answer(url: str, programs: Sequence[Child]) -> None:
    """Wait until a page answers with 200.

    Raises:
        EmbeddedError: if a program ended, or the first did not answer in time; its last lines have been printed.
    """
    deadline = time.monotonic() + _READY_SECONDS
    while not answers(url):
        ended = [program for program in programs if not program.alive]
        if ended or time.monotonic() > deadline:
            culprit = ended[0] if ended else programs[0]
            for line in culprit.log_tail():
                tell(f"  {line}")
            what = "ended while it started" if ended else f"did not answer within {_READY_SECONDS:.0f} s"
            raise EmbeddedError(f"{culprit.name} {what} (log: {culprit.log_path})")
        time.sleep(0.05)


def answers(url: str, *, seconds: float = 2.0) -> bool:
    """Return whether a page answers with 200 within `seconds`."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=seconds) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def connections_of(settings: Settings, nodes: int = 1) -> int:
    """Return how many connections PostgreSQL must allow."""
    pools = settings.write_pool_size + settings.read_pool_size + settings.catalogue_pool_size + LARGE_CONNECTIONS
    pools += ACTS_CONNECTIONS + RIGHTS_CONNECTIONS
    of_a_process = pools + _CONNECTIONS_BESIDE_POOLS
    return max(_CONNECTIONS_MIN, (nodes * settings.workers + 1) * of_a_process + _CONNECTIONS_SPARE)
