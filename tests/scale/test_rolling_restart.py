"""The steps of a rolling restart, with nodes that become ready or do not."""

import importlib
import sys
import time

import pytest
from chaos.site.ports import quiet_port

from holdfast.cli.rolling_restart import Node, RollingRestart
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx
from holdfast.infrastructure.embedded.nginx_config import Address
from holdfast.infrastructure.embedded.process import Child, wait_until
from holdfast.infrastructure.embedded.supervisor import Supervisor

# The package has a command of that name.
rolling_restart = importlib.import_module("holdfast.cli.rolling_restart")

_NODE = """
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if os.path.exists(sys.argv[2]) else 200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


class Wish:
    made = False


class Run:
    """Three nodes behind nginx, and the restarter."""

    def __init__(self, folder, supervisor) -> None:
        self.folder = folder
        self.supervisor = supervisor
        self.nodes = []
        for number in (1, 2, 3):
            port = quiet_port()
            command = [sys.executable, "-S", "-c", _NODE, str(port), str(folder / f"unready-{number}")]
            child = Child(f"Node {number}", command, log_path=folder / f"node-{number}.log")
            supervisor.start_program(child)
            self.nodes.append(Node(number, Address("127.0.0.1", port), child))
        addresses = [node.address for node in self.nodes]
        self.nginx = EmbeddedNginx(folder, listen=Address("127.0.0.1", quiet_port()), nodes=addresses)
        supervisor.start_front(self.nginx)
        self.wish = Wish()
        self.restart = RollingRestart(self.nodes, self.nginx, supervisor, folder)
        assert wait_until(lambda: all(map(rolling_restart._ready, self.nodes)), 20)

    def unready(self, number: int, *, is_so: bool = True) -> None:
        mark = self.folder / f"unready-{number}"
        mark.touch() if is_so else mark.unlink()

    def go_on_until(self, condition) -> None:
        deadline = time.monotonic() + 50
        while not condition():
            assert time.monotonic() < deadline
            self.restart.go_on(self.wish)
            time.sleep(0.02)

    def progress(self):
        return rolling_restart._progress(self.folder)

    def marks(self) -> set[str]:
        return {mark.name for mark in (self.folder / "nginx" / "drain").iterdir()}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(rolling_restart, "_UNREADY_LOOK_SECONDS", 0.05)
    told = []
    supervisor = Supervisor(shutdown_seconds=3, tell=told.append)
    yield Run(tmp_path, supervisor)
    supervisor.end()


def test_a_node_that_does_not_become_ready_gets_no_requests_until_it_is(run, monkeypatch):
    monkeypatch.setattr(rolling_restart, "_READY_SECONDS", 1.0)
    before = [node.program.pid for node in run.nodes]
    run.unready(1)
    run.wish.made = True
    run.go_on_until(lambda: run.progress().ended == 1)
    assert "Node 1 is not ready again" in run.progress().failure
    assert run.marks() == {"1"}
    assert [node.program.pid for node in run.nodes[1:]] == before[1:]

    run.unready(1, is_so=False)
    run.go_on_until(lambda: run.marks() == set())


def test_a_node_is_not_taken_out_unless_another_is_ready(run):
    before = [node.program.pid for node in run.nodes]
    run.unready(2)
    run.unready(3)
    run.wish.made = True
    run.go_on_until(lambda: run.progress().ended == 1)
    assert "no other node is ready" in run.progress().failure
    assert [node.program.pid for node in run.nodes] == before
    assert run.marks() == set()


@pytest.mark.slow
def test_a_wish_during_a_rolling_restart_is_a_further_one(run):
    run.wish.made = True
    run.go_on_until(lambda: run.progress().begun == 1)
    run.wish.made = True
    run.go_on_until(lambda: run.progress().ended == 2)
    assert run.progress().failure == ""
    assert run.marks() == set()


def test_a_mark_that_a_killed_run_left_behind_is_gone_at_the_next_start(run):
    run.nginx.leave_out(2)
    again = EmbeddedNginx(run.folder, listen=Address("127.0.0.1", quiet_port()), nodes=[n.address for n in run.nodes])
    run.nginx.kill()
    again.start()
    assert run.marks() == set()
    again.stop(seconds=1)
