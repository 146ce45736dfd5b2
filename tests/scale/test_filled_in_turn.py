"""The processes of one node share a port: they are filled one after another, and no client waits for one that hangs."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from holdfast.http.turns import CONNECTIONS_BEFORE_NEXT as FILLED
from holdfast.http.turns import LEAD_CONNECTIONS_MAX
from telemetry.programs import Program, eventually, running

pytestmark = pytest.mark.runs
REQUEST = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"


class _Node:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.port = int(program.url.rsplit(":", 1)[1])

    def processes(self) -> list[int]:
        """By place: they are started in that order, and one that was started anew is the last."""
        pid = self.program.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def connections(self, pid: int) -> int:
        """How many connections to the node's port a process has open."""
        of_the_port = set()
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            if words[1].endswith(f":{self.port:04X}") and words[3] == "01":
                of_the_port.add(f"socket:[{words[9]}]")
        files = Path(f"/proc/{pid}/fd").iterdir()
        return sum(str(file.readlink()) in of_the_port for file in files if file.is_symlink())

    def shared_out(self) -> list[int]:
        return [self.connections(pid) for pid in self.processes()]

    @contextmanager
    def answered(self, count: int = 1) -> Iterator[None]:
        """So many connections that come at once, and have each had an answer."""
        with ExitStack() as stack:
            connections = [
                stack.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=20))
                for _ in range(count)
            ]
            for connection in connections:
                connection.sendall(REQUEST)
            for connection in connections:
                assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
            yield

    def process_that_answers(self) -> int | None:
        """Which process a new connection comes to; None where it ends the connection with that answer."""
        with self.answered():
            return next((pid for pid in self.processes() if self.connections(pid)), None)


@pytest.fixture
def node(database_url, redis_url, tmp_path) -> Iterator[_Node]:
    with running(
        "serve", tmp_path, WORKERS="2", DATABASE_URL=database_url, REDIS_URL=redis_url, DRAIN_SECONDS="1"
    ) as program:
        node = _Node(program)
        eventually(lambda: program.metrics().total("holdfast_processes") == 2)
        eventually(lambda: node.shared_out() == [0, 0])
        yield node


def test_connections_fill_one_process_after_the_other_and_then_all(node):
    """With connections dealt out to both, two processes answered 0.75 of what one does for 64 connections."""

    # On a machine that stands still for a moment the second process helps out sooner: so each is tried again.
    def one_after_the_other() -> bool:
        with node.answered(FILLED - 1):
            assert node.shared_out() == [FILLED - 1, 0]
            with node.answered():
                assert node.shared_out() == [FILLED, 0]
                with node.answered():
                    return node.shared_out() == [FILLED, 1]

    def a_crowd_is_shared() -> bool:
        eventually(lambda: node.shared_out() == [0, 0])
        with node.answered(2 * FILLED + 50):
            first, second = node.shared_out()
            assert first + second == 2 * FILLED + 50
            return abs(first - second) <= LEAD_CONNECTIONS_MAX + 1

    eventually(one_after_the_other)
    eventually(a_crowd_is_shared)
    eventually(lambda: node.process_that_answers() == node.processes()[0])


def test_no_connection_waits_for_a_process_that_hangs_or_has_ended(node):
    first, second = node.processes()
    assert node.process_that_answers() == first

    os.kill(first, signal.SIGSTOP)
    for _ in range(20):
        with node.answered():
            pass
    os.kill(first, signal.SIGCONT)
    eventually(lambda: node.process_that_answers() == first)

    os.kill(first, signal.SIGKILL)
    for _ in range(20):
        with node.answered():
            pass
    eventually(lambda: len(node.processes()) == 2)
    third = node.processes()[1]
    eventually(lambda: node.process_that_answers() == third)

    os.kill(third, signal.SIGTERM)  # ends in a second: meanwhile the other one takes what comes
    eventually(lambda: node.process_that_answers() == second)
    while third in node.processes():
        assert node.process_that_answers() == second
