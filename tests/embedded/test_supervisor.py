"""What a run does when one of its processes keeps ending, and what it writes down of them."""

import os
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from holdfast.infrastructure.embedded import EmbeddedRedis, keeper, log_file
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.process import Child
from holdfast.infrastructure.embedded.supervisor import Supervisor

SHELL = "/bin/sh"


class Until:
    """Asks a run to stop when something has come true, at the latest after 20 seconds."""

    def __init__(self, condition) -> None:
        self._condition = condition
        self._deadline = time.monotonic() + 20

    @property
    def requested(self) -> bool:
        assert time.monotonic() < self._deadline, "did not come true"
        return bool(self._condition())


@pytest.fixture
def told():
    return []


@pytest.fixture
def supervisor(told, monkeypatch):
    monkeypatch.setattr(keeper, "_PAUSE_SECONDS", 0.01)
    supervisor = Supervisor(shutdown_seconds=2, tell=told.append)
    yield supervisor
    supervisor.end()


def _child(tmp_path, script: str) -> Child:
    return Child("The part", [SHELL, "-c", script], log_path=tmp_path / "part.log")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_needed_part_that_keeps_ending_ends_the_run_with_its_last_lines(tmp_path, supervisor, told):
    supervisor.start_program(_child(tmp_path, "echo this is why; exit 3"))
    assert supervisor.watch(Until(lambda: False)) is False
    assert len([line for line in told if "ended unexpectedly (exit code 3) and is started again" in line]) == 5
    assert "giving up. Its last lines, from" in "".join(told)
    assert told[-1] == "  this is why"


def test_deaths_long_ago_do_not_count(tmp_path, supervisor, told, monkeypatch):
    monkeypatch.setattr(keeper, "DEATHS_SECONDS", 0.25)
    supervisor.start_program(_child(tmp_path, "echo x; sleep 0.05"))
    assert supervisor.watch(Until(lambda: len(told) > 6)) is True
    assert "giving up" not in "".join(told)


@pytest.mark.skipif(not EmbeddedRedis.available(), reason="no Redis is installed")
@pytest.mark.slow
def test_an_optional_part_never_ends_the_run_and_is_told_of_once(tmp_path, supervisor, told):
    redis = EmbeddedRedis(tmp_path)
    supervisor.start_server(redis, optional=True)
    other = _child(tmp_path, "exec sleep 60")
    supervisor.start_program(other)
    killed = set()

    def kill_again() -> bool:
        if redis.alive and redis.pid not in killed:
            killed.add(redis.pid)
            os.kill(redis.pid, signal.SIGKILL)
        return len(killed) > 8

    assert supervisor.watch(Until(kill_again)) is True
    assert other.alive
    assert ["and is started again" in told[0], "the run goes on without it" in told[1]] == [True, True]
    assert len(told) == 2
    assert supervisor.watch(Until(lambda: redis.alive and redis.pid not in killed)) is True


def test_a_stop_is_heard_while_a_server_is_being_started_again(tmp_path, supervisor):
    """A start of a server may take a minute; it must not hold up Ctrl-C, or the other parts."""

    class SlowServer(EmbeddedRedis):
        def start(self) -> None:
            if self._child is not None:
                self._child = Child("Redis", [SHELL, "-c", "exec sleep 60"], log_path=self.log_path)
                self._child.start()
                self._child.wait(60)
            else:
                super().start()

    redis = SlowServer(tmp_path)
    supervisor.start_server(redis, optional=True)
    first = redis.pid
    redis.kill()
    assert supervisor.watch(Until(lambda: redis.alive and redis.pid != first)) is True
    begin = time.monotonic()
    supervisor.end()
    assert time.monotonic() - begin < 20
    assert not redis.alive


def test_a_log_is_bounded_while_it_is_written_and_is_its_owner_s_alone(tmp_path, supervisor, monkeypatch):
    monkeypatch.setattr(log_file, "LOG_BYTES_MAX", 20_000)
    (tmp_path / "part.log").touch(0o644)  # of an earlier version
    script = "i = 0\nwhile True:\n    i += 1\n    print('line', i, 'x' * 100, flush=True)\n    time.sleep(0.001)"
    child = Child("The part", [sys.executable, "-c", f"import time\n{script}"], log_path=tmp_path / "part.log")
    before = os.umask(0)
    try:
        supervisor.start_program(child)
        old = tmp_path / "part.log.old"
        assert supervisor.watch(Until(lambda: old.exists() and int(child.log_tail(1)[0].split()[1]) > 2_000)) is True
    finally:
        os.umask(before)
    assert (tmp_path / "part.log").stat().st_size < 1_000_000
    assert old.stat().st_size < 1_000_000
    assert {_mode(tmp_path / "part.log"), _mode(old)} == {0o600}
    written = [line.split()[1] for line in old.read_text().splitlines()]
    assert written == [str(number) for number in range(int(written[0]), int(written[-1]) + 1)]


def test_the_folder_of_a_run_is_closed_to_others(tmp_path):
    before = os.umask(0)
    try:
        assert _mode(private_folder(tmp_path / "new")) == 0o700
        (tmp_path / "earlier").mkdir()
        (tmp_path / "earlier" / "postgres.lock").touch()
        (tmp_path / "earlier" / "api.log").touch()
        assert _mode(private_folder(tmp_path / "earlier")) == 0o700
        (tmp_path / "shared").mkdir(0o755)
        (tmp_path / "shared" / "somebody's").touch()
        assert _mode(private_folder(tmp_path / "shared")) == 0o755
    finally:
        os.umask(before)
