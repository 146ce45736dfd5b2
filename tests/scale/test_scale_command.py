"""`holdfast scale` starts from nothing, says what is wrong, and leaves nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from chaos.site.ports import quiet_port

from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx, nginx_program
from holdfast.infrastructure.embedded.nginx_config import Address
from holdfast.infrastructure.embedded.process import wait_until
from scale.running_scale import RunningScale

pytestmark = pytest.mark.runs


@pytest.fixture
def start(database_url, redis_url):
    """Start `holdfast scale` with one node, in the same data folder each time, on the servers of the tests."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-"))
    urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "HOST": "127.0.0.1"}
    runs = []

    def start() -> RunningScale:
        runs.append(RunningScale(folder / "data", NODES="1", **urls))
        return runs[-1]

    yield start
    for run in runs:
        run.kill()
    shutil.rmtree(folder, ignore_errors=True)


def test_it_ends_cleanly_and_after_a_kill_the_next_start_recovers(start):
    first = start().ready()
    assert first.address("Node 1").startswith("http://127.0.0.1:")
    os.kill(first.process.pid, signal.SIGKILL)
    assert first.ended() == -signal.SIGKILL
    second = start().ready()
    second.process.send_signal(signal.SIGTERM)
    assert (second.ended(), second.told()) == (0, "")


def test_a_killed_nginx_is_started_again_without_its_old_workers():
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        listen, node = Address("127.0.0.1", quiet_port()), Address("127.0.0.1", quiet_port())
        nginx = EmbeddedNginx(Path(folder), listen=listen, nodes=[node])
        nginx.start()
        os.kill(nginx.pid, signal.SIGKILL)
        assert wait_until(lambda: not nginx.alive, 5.0)
        nginx.start()
        assert nginx.alive
        nginx.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((listen.host, listen.port), 1.0)


def test_without_nginx_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("holdfast.infrastructure.embedded.nginx._PLACES", ())
    with pytest.raises(EmbeddedError, match="apt-get install nginx"):
        nginx_program()


def test_a_rolling_restart_of_nothing_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", "rolling-restart"],
        env={"PATH": os.environ["PATH"], "HOLDFAST_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"no `holdfast scale` runs in {tmp_path}" in done.stderr
