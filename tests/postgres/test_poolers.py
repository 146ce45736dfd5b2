"""pgbouncer between a process and PostgreSQL: in session mode it works, in transaction mode one line says so."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from holdfast.application.failures import ConnectionLost
from holdfast.infrastructure.postgres.driver.connection import Timeouts, connect
from holdfast.infrastructure.postgres.driver.poolers import connect_with
from holdfast.infrastructure.postgres.migrations.status import status

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed")


@contextmanager
def _pooler(database_url: str, mode: str, *more: str):
    """The URL of a pgbouncer in front of a database."""
    parts = urlsplit(database_url)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="holdfast-") as name:
        folder = Path(name)
        (folder / "users").write_text(f'"{parts.username}" "{parts.password}"\n')
        lines = [
            *("[databases]", f"* = host={parts.hostname} port={parts.port}", "[pgbouncer]"),
            *("listen_addr = 127.0.0.1", f"listen_port = {port}", "unix_socket_dir =", f"pool_mode = {mode}"),
            *("auth_type = plain", f"auth_file = {folder}/users", *more),
        ]
        (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        words = []
        if os.geteuid() == 0:  # as which it refuses to run
            nobody = pwd.getpwnam("nobody")
            for path in (folder, *folder.iterdir()):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
            words = ["-u", "nobody"]
        process = subprocess.Popen([PROGRAM, "-q", *words, str(folder / "pgbouncer.ini")], stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            yield f"postgresql://{parts.username}:{parts.password}@127.0.0.1:{port}{parts.path}"
        finally:
            process.kill()
            process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


_FORGOTTEN = "enable_seqscan,plan_cache_mode,jit,lock_timeout,statement_timeout,idle_in_transaction_session_timeout"


@pytest.mark.parametrize("more", [(), (f"ignore_startup_parameters = {_FORGOTTEN}",)])
async def test_in_session_mode_the_settings_of_a_connection_count(database_url, more):
    """Also where the pooler was told to take them and to forget them."""
    with _pooler(database_url, "session", *more) as url:
        for _ in range(2):
            connection = await connect(url, application_name="x", timeouts=Timeouts(connect_seconds=5))
            shown = [await connection.fetchval(f"SHOW {name}") for name in ("lock_timeout", "jit", "enable_seqscan")]
            assert shown == ["3s", "off", "off"]
            assert await connection.fetchval("SHOW application_name") == "x"
            await connection.close()


async def test_in_transaction_mode_nothing_works_and_it_says_why(database_url):
    with _pooler(database_url, "transaction") as url, pytest.raises(ConnectionLost, match="pool_mode=session"):
        await connect(url, application_name="x", timeouts=Timeouts(connect_seconds=5))


@pytest.mark.slow
def test_in_transaction_mode_no_command_begins(database_url):
    with _pooler(database_url, "transaction") as url:
        for command in ("migrate", "check", "serve", "work"):
            words = [command, "up"] if command == "migrate" else [command]
            done = subprocess.run(
                [sys.executable, "-m", "holdfast", *words],
                env={"PATH": os.environ["PATH"], "DATABASE_URL": url},
                capture_output=True,
                text=True,
                check=False,
                timeout=50,
            )
            assert done.returncode == 1
            assert "pool_mode=session" in done.stderr
            assert done.stderr.count("\n") == 1


async def test_a_direct_connection_is_made_once(database_url):
    connection = await connect_with(database_url, {"jit": "off"}, timeout=5)
    other = await connect_with(database_url, {"jit": "off"}, timeout=5)
    assert await other.fetchval("SHOW jit") == "off"
    name = await connection.fetchval("SELECT current_database()")
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1"
    assert await connection.fetchval(count, name) == 2
    await connection.close()
    await other.close()


def test_migrations_run_through_a_pooler_in_session_mode(database_url):
    with _pooler(database_url, "session") as url:
        assert status(url).at_head
    with pytest.raises((OSError, asyncpg.PostgresError)):
        status(url)
