"""The embedded PostgreSQL: private, durable, and never in the way of the next start."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import asyncpg
import pytest

from holdfast.infrastructure.embedded import EmbeddedError, EmbeddedPostgres
from holdfast.infrastructure.embedded.postgres import running_url
from holdfast.infrastructure.embedded.process import processes_in, wait_until

START_AND_WAIT = """
import sys, time
from pathlib import Path
from holdfast.infrastructure.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def finished_cluster(tmp_path_factory) -> Path:
    """The data folder of a stopped cluster, to be copied."""
    folder = tmp_path_factory.mktemp("finished")
    server = EmbeddedPostgres(folder)
    server.start()
    server.psql("CREATE TABLE kept (number int); INSERT INTO kept VALUES (7)")
    server.stop()
    return folder


@pytest.fixture
def data_dir(finished_cluster):
    """A copy of a finished cluster's data folder."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        shutil.copytree(finished_cluster, folder, dirs_exist_ok=True)
        yield Path(folder)


@pytest.fixture
def server(data_dir):
    server = EmbeddedPostgres(data_dir)
    yield server
    server.stop("immediate")


async def test_it_is_durable_and_listens_on_loopback_only(server):
    server.start()
    connection = await asyncpg.connect(server.url)
    shown = {name: await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")}
    assert shown == {"fsync": "on", "synchronous_commit": "on"}
    assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
    assert await connection.fetchval("SHOW data_checksums") == "on"
    assert await connection.fetchval("SHOW server_encoding") == "UTF8"
    assert await connection.fetchval("SHOW server_version_num") >= "180000"
    assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    await connection.close()


async def test_its_password_is_wanted_on_every_way_in_and_is_private(server, data_dir):
    server.start()
    for host in ("127.0.0.1", str(server.socket_dir)):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(user="holdfast", password="wrong", host=host, port=server.port)
    assert (data_dir / "postgres.password").stat().st_mode & 0o777 == 0o600
    assert (data_dir / "postgres").stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_what_was_stored_and_the_port_outlive_a_stop_and_a_crash(server):
    server.start()
    port = server.port
    server.kill()
    server.start()
    assert (server.port, server.psql("SELECT number FROM kept")) == (port, "7")
    server.restart("immediate")
    server.restart()
    assert (server.port, server.psql("SELECT number FROM kept")) == (port, "7")


def test_settings_are_added(data_dir):
    server = EmbeddedPostgres(data_dir, settings={"max_connections": 33, "synchronous_commit": "off"})
    server.start()
    assert server.psql("SHOW max_connections") == "33"
    assert server.psql("SHOW synchronous_commit") == "off"
    server.stop()
    assert processes_in(data_dir / "postgres") == []


def test_a_port_that_is_taken_meanwhile_is_left_alone(server, data_dir):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        (data_dir / "postgres.port").write_text(str(taken))
        server.start()
        assert server.port != taken


def test_it_outlives_the_thread_that_started_it(server):
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    assert server.psql("SELECT 1") == "1"


def test_a_folder_is_used_by_one_server_at_a_time(server, data_dir):
    server.start()
    with pytest.raises(EmbeddedError, match=rf"in use by another run \(process {os.getpid()}\)"):
        EmbeddedPostgres(data_dir).start()
    assert running_url(data_dir) == server.url
    server.stop()
    assert running_url(data_dir) is None


def test_a_long_path_gets_a_short_socket(data_dir):
    deep = data_dir / ("d" * 100) / "data"
    deep.parent.mkdir(mode=0o700)
    shutil.copytree(data_dir / "postgres", deep / "postgres")
    for name in ("postgres.password", "postgres.superuser-password"):
        shutil.copy(data_dir / name, deep / name)
    server = EmbeddedPostgres(deep)
    server.start()
    assert server.psql("SELECT number FROM kept") == "7"
    server.stop()
    shutil.rmtree(server.socket_dir)


@pytest.fixture
def other_process(data_dir):
    """Another process that runs the server, killed without a warning."""
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, data_dir], stdout=subprocess.PIPE, text=True
    ) as process:
        process.postmaster = int(process.stdout.readline())
        yield process
        process.kill()


def test_it_ends_with_a_process_that_was_killed(other_process, data_dir):
    other_process.kill()
    assert wait_until(lambda: not processes_in(data_dir / "postgres"), 20)


def test_a_server_left_by_a_killed_process_gives_way(other_process, server):
    os.kill(other_process.postmaster, signal.SIGSTOP)
    other_process.kill()
    other_process.wait()
    server.start()
    assert server.psql("SELECT number FROM kept") == "7"


def test_marks_with_a_process_id_that_is_in_use_again_are_no_obstacle(server, data_dir):
    lines = ["1", str(data_dir / "postgres"), "1700000000", "5432", "", "127.0.0.1", "", "ready"]
    (data_dir / "postgres" / "postmaster.pid").write_text("\n".join(lines))
    (data_dir / ".s.PGSQL.5432.lock").write_text("\n".join(lines))
    server.start()
    assert server.psql("SELECT number FROM kept") == "7"


@pytest.mark.slow
def test_an_interrupted_first_start_is_begun_anew(server, data_dir):
    (data_dir / "postgres").rename(data_dir / "postgres.draft")
    (data_dir / "postgres.draft" / "PG_VERSION").unlink()
    server.start()
    assert server.psql("SELECT current_user") == "holdfast"


@pytest.fixture
def damaged_dir(finished_cluster):
    """The finished cluster's files under other names: quick to make, to be replaced but not to be written into."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        shutil.copytree(finished_cluster, folder, dirs_exist_ok=True, copy_function=os.link)
        yield Path(folder)


def _remove(path: str):
    return lambda data_dir: (data_dir / path).unlink()


def _write(path: str, content: bytes):
    def damage(data_dir):
        (data_dir / path).unlink()
        (data_dir / path).write_bytes(content)

    return damage


def _replace_by_a_file(data_dir):
    shutil.rmtree(data_dir / "postgres")
    (data_dir / "postgres").touch()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_remove("postgres/PG_VERSION"), "no PG_VERSION"),
        (_remove("postgres/global/pg_control"), "no global/pg_control"),
        (_remove("postgres/pg_hba.conf"), "no pg_hba.conf"),
        (_write("postgres/PG_VERSION", b"16\n"), "was made by PostgreSQL 16, and this is PostgreSQL 18"),
        (_write("postgres/global/pg_control", b"\0" * 8192), "PostgreSQL does not start"),
        (_write("postgres/postgresql.conf", b"nonsense = 'x'\n"), "contains errors"),
        (_remove("postgres.password"), "postgres.password cannot be read: No such file"),
        (_write("postgres.password", b""), "postgres.password is empty"),
        (_replace_by_a_file, "is not a folder"),
    ],
)
def test_a_damaged_folder_is_one_line_and_stays_as_it_is(damaged_dir, damage, words):
    damage(damaged_dir)
    with pytest.raises(EmbeddedError) as refusal:
        EmbeddedPostgres(damaged_dir).start()
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert processes_in(damaged_dir / "postgres") == []


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match="cannot be used: Not a directory"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()
