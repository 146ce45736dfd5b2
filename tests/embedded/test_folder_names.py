"""Folders may be called what people call them."""

import os
import shutil
import subprocess
import sys

import asyncpg
import pytest
import redis
from chaos.site.ports import quiet_port

from holdfast.infrastructure.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedRedis, binaries
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx, nginx_program
from holdfast.infrastructure.embedded.nginx_config import Address
from holdfast.infrastructure.embedded.postgres import THROW_AWAY_SETTINGS

ODD = "a, b'c\"d\\e %41 #1 $HOME `x` ;{}(é東"


@pytest.fixture
def odd_folder(tmp_path):
    return tmp_path / ODD


async def test_postgresql_runs_in_a_folder_of_any_name(odd_folder):
    server = EmbeddedPostgres(odd_folder, settings=THROW_AWAY_SETTINGS)
    server.start()
    try:
        connection = await asyncpg.connect(server.url)
        await connection.close()
        sockets = [f".s.PGSQL.{server.port}"]
        assert [path.name for path in server.socket_dir.glob(".s.PGSQL.*") if path.suffix != ".lock"] == sockets
    finally:
        server.stop("immediate")


@pytest.mark.skipif(not EmbeddedRedis.available(), reason="no Redis is installed")
def test_redis_runs_in_a_folder_of_any_name(odd_folder):
    server = EmbeddedRedis(odd_folder)
    server.start()
    try:
        with redis.Redis.from_url(server.url) as client:
            assert client.config_get("dir")["dir"] == str(odd_folder / "redis")
    finally:
        server.stop()


def test_nginx_runs_in_a_folder_of_any_name(odd_folder):
    try:
        nginx_program()
    except EmbeddedError as missing:
        pytest.skip(str(missing))
    nodes = [Address("127.0.0.1", 9), Address("127.0.0.1", 10)]
    server = EmbeddedNginx(odd_folder, listen=Address("127.0.0.1", quiet_port()), nodes=nodes)
    server.start()
    server.stop(seconds=1)


@pytest.mark.parametrize("name", ["new\nline", "tab\tin", b"not utf-8 \xff", "x/" * 500])
def test_a_name_that_postgresql_cannot_take_is_one_line(tmp_path, name):
    folder = os.fsencode(tmp_path) + b"/" + os.fsencode(name)
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", "run"],
        env={"PATH": os.environ["PATH"], "HOLDFAST_DATA_DIR": folder},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("holdfast: HOLDFAST_DATA_DIR: must ")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_checkout_that_initdb_cannot_run_out_of_is_one_line(tmp_path, monkeypatch):
    programs = tmp_path / "a $HOME" / f"pginstall{binaries.POSTGRES_MAJOR}" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").touch()

    class Spec:
        submodule_search_locations = (str(tmp_path / "a $HOME"),)

    monkeypatch.setattr(binaries, "find_spec", lambda _: Spec)
    with pytest.raises(EmbeddedError, match="make VENV="):
        binaries.postgres_programs()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_a_home_that_may_not_be_read_is_no_home(tmp_path, database_url):
    home = tmp_path / "home"
    (home / ".postgresql").mkdir(parents=True)
    home.chmod(0)
    command = [sys.executable, "-m", "holdfast", "check"]
    if os.geteuid() == 0:  # who may read everything, unless that right is taken away
        os.chown(home, 65534, 65534)
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "DATABASE_URL": database_url}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=50)
    home.chmod(0o700)
    assert (done.returncode, done.stderr) == (0, "")
