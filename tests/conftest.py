"""One PostgreSQL and one Redis for the whole run, and for each test an empty database of its own.

The servers are started by the process that controls the run (with pytest-xdist the controller, else the only
one), and end with it. The schema is migrated once, into a template; a test's database is a copy of that (see
`databases`).
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import hypothesis
import pytest
import redis
import structlog

from databases import Databases, create, drop
from holdfast.infrastructure.embedded import EmbeddedPostgres, EmbeddedRedis
from holdfast.infrastructure.embedded.postgres import THROW_AWAY_SETTINGS
from holdfast.infrastructure.postgres.driver import failures, pool
from logging_state import restore_logging

_TEMPLATE = "holdfast_template"
# On a busy machine an example may take any time. Where CI is set, Hypothesis tries the same examples each time.
hypothesis.settings.register_profile("holdfast", hypothesis.settings(), deadline=None, print_blob=True)
hypothesis.settings.load_profile("holdfast")
os.environ.setdefault("PGSSLMODE", "disable")
"""The tests' PostgreSQL has no TLS. To find that out takes 5 ms for each of some ten thousand connections."""


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Commands that a test runs in this process configure its log, and other tests read theirs."""
    yield
    if structlog.is_configured():
        restore_logging()


@dataclass(frozen=True)
class Servers:
    """Where this run's servers are; `redis_url` ends without a database number, empty without Redis."""

    folder: str
    postgres_url: str
    superuser_url: str
    redis_url: str

    def database(self, name: str) -> str:
        return self.postgres_url.removesuffix("/holdfast") + "/" + name


class _Run:
    """The servers of this run, started where the run is controlled."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="holdfast-tests-"))
        self.postgres = EmbeddedPostgres(self.folder, settings={**THROW_AWAY_SETTINGS, "max_connections": 300})
        self.redis = EmbeddedRedis(self.folder, databases=64) if EmbeddedRedis.available() else None

    def start(self) -> Servers:
        self.postgres.start()
        if self.redis is not None:
            self.redis.start()
        asyncio.run(_make_logins_cheap(self.postgres))
        return Servers(
            folder=str(self.folder),
            postgres_url=self.postgres.url,
            superuser_url=self.postgres.superuser_url,
            redis_url=self.redis.url.removesuffix("/0") if self.redis else "",
        )

    def stop(self) -> None:
        self.postgres.stop("immediate")
        if self.redis is not None:
            self.redis.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


_run_key = pytest.StashKey[_Run]()
_servers_key = pytest.StashKey[Servers]()


def pytest_configure(config):
    given = getattr(config, "workerinput", None)
    if given is not None:
        config.stash[_servers_key] = Servers(**given["holdfast_servers"])
    elif not config.option.collectonly and not config.option.help:
        run = config.stash[_run_key] = _Run()
        config.stash[_servers_key] = run.start()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Tell a worker of pytest-xdist where the servers are."""
    node.workerinput["holdfast_servers"] = asdict(node.config.stash[_servers_key])


def pytest_unconfigure(config):
    run = config.stash.get(_run_key, None)
    if run is not None:
        run.stop()


@pytest.fixture(scope="session")
def servers(request) -> Servers:
    return request.config.stash[_servers_key]


@pytest.fixture(scope="session")
def _in_own_loop() -> Iterator[Callable]:
    """Run a coroutine to its end in a thread of its own, away from the tests' event loops."""
    with ThreadPoolExecutor(1, thread_name_prefix="databases") as thread, asyncio.Runner() as runner:

        def run(coroutine: Coroutine):
            return thread.submit(runner.run, coroutine).result()

        yield run
        thread.submit(runner.close).result()


@pytest.fixture(scope="session")
def _template(servers, _in_own_loop) -> str:
    """The name of the migrated database that tests copy; made by whoever of the workers comes first."""
    from holdfast.infrastructure.postgres.migrations.migrate import upgrade

    done = Path(servers.folder) / "template.done"
    with (Path(servers.folder) / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            url = servers.postgres_url
            _in_own_loop(_execute(url, f"DROP DATABASE IF EXISTS {_TEMPLATE}", f"CREATE DATABASE {_TEMPLATE}"))
            upgrade(servers.database(_TEMPLATE))
            _in_own_loop(_execute(url, f"ALTER DATABASE {_TEMPLATE} ALLOW_CONNECTIONS false"))
            done.touch()
    return _TEMPLATE


@pytest.fixture(scope="session")
def _databases(servers, _template) -> Databases:
    return Databases(servers.postgres_url, servers.superuser_url, _template)


@pytest.fixture
def empty_database_url(servers, _in_own_loop) -> Iterator[str]:
    """A database without a schema, for tests of the migrations."""
    name = _in_own_loop(create(servers.postgres_url, "template1"))
    yield servers.database(name)
    _in_own_loop(drop(servers.superuser_url, name))


@pytest.fixture
def new_database_url(servers, _template, _in_own_loop) -> Iterator[str]:
    """A migrated database that no other test has used, for tests of plans and statistics."""
    name = _in_own_loop(create(servers.postgres_url, _template))
    yield servers.database(name)
    _in_own_loop(drop(servers.superuser_url, name))


@pytest.fixture
def database_url(_databases, _in_own_loop) -> Iterator[str]:
    """A migrated, empty database that is this test's own while it runs."""
    url = _in_own_loop(_databases.take())
    # A process remembers for some seconds what a database refused, and what it has logged of that. Here, that was the
    # database of an earlier test.
    pool._obstructions.clear()
    failures.troubles._told.clear()
    yield url
    _in_own_loop(_databases.give_back(url))


@pytest.fixture
def redis_url(servers) -> str:
    """A Redis database of this worker's own, emptied before the test."""
    if not servers.redis_url:
        pytest.skip("no redis-server or valkey-server is installed")
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = f"{servers.redis_url}/{number}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


async def _make_logins_cheap(postgres: EmbeddedPostgres) -> None:
    """Have a password hashed once instead of 4,096 times, on both sides, whenever a test opens a connection."""
    passwords = {urlsplit(url).username: urlsplit(url).password for url in (postgres.url, postgres.superuser_url)}
    alter = [f"ALTER ROLE {role} PASSWORD '{password}'" for role, password in passwords.items()]
    await _execute(postgres.superuser_url, "SET scram_iterations = 1", *alter)


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
